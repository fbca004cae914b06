import type { Problem } from '../../types/job.js'
import { InputInvalidError, JobCanceledError, JobFailedError, JobNotFinishedError, JobNotFoundError, RequestFailedError, type AnyJobsClientError, type ErrorDetails } from './errors.js'

/** 2xx with JSON. */
export interface Answer {
  status: number
  body: unknown
  /** ms. */
  retryAfter: number
  /** What tells this state of the job from others. */
  etag: string | null
}

/** How much of what somebody else says a message holds, in characters. */
const LONGEST = 500

/**
 * Turns what came over the network into what the client goes by.
 * @param sentence what was asked and answered, for the message of an error
 * @param known of the job; without an id, the answer is to a submission
 * @throws what an answer says that is not 2xx with JSON
 */
export function readAnswer ({ ok, status, headers }: Response, text: string, sentence: string, known: ErrorDetails): Answer {
  const retryAfter = toMs(headers.get('retry-after'))
  let body: unknown = text
  try {
    body = JSON.parse(text)
    if (ok) return { status, body, retryAfter, etag: headers.get('etag') }
  } catch {
    // A page of something in between, or nothing.
  }
  throw toError(status, body, sentence, { ...known, retryAfter })
}

/** The code comes first: a job chooses the status of its failure itself, be it 404 or 503. */
export function toError (status: number, body: unknown, sentence: string, known: ErrorDetails): AnyJobsClientError {
  const problem = isProblem(body) ? body : undefined
  const details = { ...known, problem, status, body }
  const message = `${sentence}: ${(status > 399 && sentenceIn(body)) || 'not what this API answers'}`
  switch (problem?.code) {
    case 'JOB_FAILED': return new JobFailedError(problem.error, details)
    case 'JOB_CANCELED': return new JobCanceledError(problem.detail, details)
    case 'JOB_NOT_FINISHED': return new JobNotFinishedError(`${message} wait() does.`, details)
  }
  if (known.jobId === undefined) {
    if ([400, 413, 415, 422].includes(status)) return new InputInvalidError(message, details)
  } else if (status === 404 || status === 410) {
    return new JobNotFoundError(message, details)
  }
  return new RequestFailedError(message, details)
}

/** What this API, the host or something before it says. A page of HTML says nothing. */
function sentenceIn (body: unknown): string | undefined {
  const { detail, message, error } = Object(body) as Record<string, unknown>
  return [detail, message, (Object(error) as Record<string, unknown>)['message'], error, body].find((text): text is string => typeof text === 'string' && /^\s*[^<\s]/.test(text))?.slice(0, LONGEST)
}

/** Seconds or a date (RFC 9110, section 10.2.3); neither is 0. Of another origin's answers, browsers show it only where CORS exposes it. */
function toMs (retryAfter: string | null): number {
  return Math.max(0, Number(retryAfter) * 1_000 || Date.parse(String(retryAfter)) - Date.now()) || 0
}

/** Not by media type: what matters is that there is a code to go by. */
function isProblem (body: unknown): body is Problem {
  const { code, detail } = Object(body) as Partial<Problem>
  return typeof code === 'string' && typeof detail === 'string'
}
