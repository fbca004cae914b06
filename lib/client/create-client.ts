import type { ClientJob, JobsClient, JobsClientOptions, WaitOptions } from '../../types/client.js'
import type { InputOf, JobDefinition, OutputOf } from '../../types/definition.js'
import type { Job } from '../../types/job.js'
import { JobCanceledError, JobFailedError, WaitTimeoutError } from './errors.js'
import { learn, type Known } from './known.js'
import { poll } from './poll.js'
import { createRequest } from './request.js'
import { within, type Limits } from './within.js'

/**
 * A client of the job API at an address, for browsers and Node. Its types come from the definition:
 * `createJobsClient<typeof analysis>('https://api.example.com/api/v1/analysis')`.
 * @param baseUrl where inputs are posted to, with a slash at its end or without; in browsers also relative
 */
export function createJobsClient<Definition extends JobDefinition> (baseUrl: string, options: JobsClientOptions = {}): JobsClient<Definition> {
  const request = createRequest(options)
  const { statusTimeout = 30_000 } = options.retry ?? {}

  // Not the job's own links: these are paths as the server sees them, and between it and this
  // client may be a proxy that maps them. The address that the client was given is one that works.
  const root = baseUrl.replace(/\/+$/, '')
  const urlOf = (route: string, { jobId }: Known): string => `${root}/${route}/${encodeURIComponent(jobId as string)}`

  const submit = async (input: InputOf<Definition>, known: Known, signal: AbortSignal): Promise<Job> =>
    learn(known, await request({ method: 'POST', url: baseUrl, body: JSON.stringify(input), known, signal }))

  const status = async (known: Known, signal: AbortSignal): Promise<Job> =>
    learn(known, await request({ method: 'GET', url: urlOf('status', known), known, signal, timeout: statusTimeout }))

  const result = async (known: Known, signal: AbortSignal): Promise<OutputOf<Definition>> => {
    const { body } = await request({ method: 'GET', url: urlOf('result', known), known, signal })
    return body as OutputOf<Definition>
  }

  const follow = async (known: Known, onProgress: WaitOptions['onProgress'], signal: AbortSignal): Promise<OutputOf<Definition>> => {
    let shown: string | undefined
    for await (const job of poll(known, () => status(known, signal), signal)) {
      // When to ask again is no change of the job.
      const view = JSON.stringify({ ...job, pollAfterMs: undefined })
      if (view !== shown) {
        signal.throwIfAborted()
        onProgress?.(job)
      }
      shown = view
      if (job.status === 'failed') throw new JobFailedError(job.error ?? { code: 'JOB_FAILED', message: 'The job failed.' }, { ...known, job })
      if (job.status === 'canceled') throw new JobCanceledError('The job was canceled.', { ...known, job })
    }
    return result(known, signal)
  }

  const handle = (id: string, known: Known): ClientJob<OutputOf<Definition>> => ({
    id,
    status: ({ signal } = {}) => within({ signal }, signal => status(known, signal)),
    result: ({ signal } = {}) => within({ signal }, signal => result(known, signal)),
    wait: (options = {}) => within(limits(options, known), signal => follow(known, options.onProgress, signal))
  })

  return {
    async run (input, options = {}) {
      const known: Known = { askAt: 0 }
      return within(limits(options, known), async signal => {
        await submit(input, known, signal)
        return follow(known, options.onProgress, signal)
      })
    },

    async submit (input, { signal } = {}) {
      const known: Known = { askAt: 0 }
      const { jobId } = await within({ signal }, signal => submit(input, known, signal))
      return handle(jobId, known)
    },

    job: id => handle(id, { jobId: id, askAt: 0 })
  }
}

function limits ({ signal, timeout }: WaitOptions, known: Known): Limits {
  const timedOut = (): Error => new WaitTimeoutError(known.jobId === undefined
    ? `The submission was not answered within ${timeout} ms: the job may be stored or not`
    : `The job is not final after ${timeout} ms. It goes on: job('${known.jobId}').wait() waits again`, known)
  return { signal, timeout, timedOut }
}
