import type { Problem } from '../../types/job.js'
import { InputInvalidError, JobCanceledError, JobFailedError, JobNotFinishedError, JobNotFoundError, RequestFailedError, type AnyJobsClientError, type ErrorDetails } from './errors.js'

/** An answer 2xx whose body is JSON. */
export interface Answer {
  status: number
  body: unknown
  /** In ms. 0 if the answer has no `Retry-After`. */
  retryAfter: number
  /** The `ETag`, which differs for each state of the job. */
  etag: string | null
}

/** The longest text of an answer that the message of an error quotes, in UTF-16 code units. */
const LONGEST = 500

/**
 * Reads an answer of the server.
 * @param text the body
 * @param sentence request and status in words, which begin the message of an error
 * @param known what is known of the job. Without an id, the request was a submission
 * @throws the error that `toError` makes, unless the answer is 2xx with JSON
 */
export function readAnswer ({ ok, status, headers }: Response, text: string, sentence: string, known: ErrorDetails): Answer {
  const retryAfter = toMs(headers.get('retry-after'))
  let body: unknown = text
  try {
    body = JSON.parse(text)
    if (ok) return { status, body, retryAfter, etag: headers.get('etag') }
  } catch {
    // The body is not JSON: it is empty, or the page of something between client and server.
  }
  throw toError(status, body, sentence, { ...known, retryAfter })
}

/**
 * Makes the error for an answer or a problem. The code of a problem decides before the status does, because a job
 * chooses the status of its failure itself: it may be 404 or 503.
 */
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

/**
 * Finds the sentence in a body that tells people what happened. The body may come from this API, from the app, or from
 * something before it. A page of HTML has no such sentence.
 */
function sentenceIn (body: unknown): string | undefined {
  const { detail, message, error } = Object(body) as Record<string, unknown>
  return [detail, message, (Object(error) as Record<string, unknown>)['message'], error, body].find((text): text is string => typeof text === 'string' && /^\s*[^<\s]/.test(text))?.slice(0, LONGEST)
}

/**
 * Converts a `Retry-After` to ms. It is seconds or a date (RFC 9110, section 10.2.3). Anything else is 0.
 * Browsers show this header of another origin only if CORS exposes it.
 */
function toMs (retryAfter: string | null): number {
  return Math.max(0, Number(retryAfter) * 1_000 || Date.parse(String(retryAfter)) - Date.now()) || 0
}

/** Whether a body is a problem. The media type does not matter: the client only needs a code and a sentence. */
function isProblem (body: unknown): body is Problem {
  const { code, detail } = Object(body) as Partial<Problem>
  return typeof code === 'string' && typeof detail === 'string'
}
