import { isInputInvalidError, isJobNotFoundError, isJobsClientError, isNetworkError } from 'fastify-async-jobs/client'

/** What went wrong, for the visitor. */
export interface Trouble {
  title: string
  detail: string
}

/** Says what an error means for the visitor, and what to do. */
export function describe (error: unknown): Trouble {
  if (isNetworkError(error)) {
    return { title: 'The server does not answer', detail: 'This page goes on by itself as soon as it does.' }
  }
  if (isInputInvalidError(error)) return { title: 'The server refused the text', detail: refusal(error.issues) ?? error.problem?.detail ?? error.message }
  if (isJobNotFoundError(error)) {
    return error.problem?.code === 'JOB_EXPIRED'
      ? { title: 'This job has expired', detail: 'The server keeps a result for a day, and what failed for a week.' }
      : { title: 'The server does not know this job', detail: 'It was deleted, or it is on another server.' }
  }
  const detail = isJobsClientError(error) ? error.problem?.detail ?? error.message : error instanceof Error ? error.message : String(error)
  return { title: 'That did not work', detail }
}

/**
 * Turns the sentences of a validator, "/text" "must NOT have more than 1000000 characters", into sentences of a form.
 */
function refusal (issues: Array<{ pointer: string, detail: string }>): string | undefined {
  const sentences = issues.map(({ pointer, detail }) => {
    const rule = detail.replace('NOT', 'not').replace(/\d{4,}/g, number => Number(number).toLocaleString('en'))
    return `The ${pointer.slice(1) || 'input'} ${rule}.`
  })
  return sentences.length === 0 ? undefined : sentences.join(' ')
}
