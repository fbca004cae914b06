import type { Problem } from '../../types/job.js'
import { InputInvalidError, JobCanceledError, JobFailedError, JobNotFoundError, RequestFailedError, type AnyJobsClientError, type ErrorDetails } from './errors.js'

/** 2xx with JSON. */
export interface Answer {
  status: number
  body: unknown
  /** ms. */
  retryAfter: number
}

/** Anything else. */
export interface Failure {
  error: AnyJobsClientError
  /** ms. Default 0. */
  retryAfter?: number
}

/**
 * Turns what came over the network into what the client goes by.
 * @param sentence what was asked and answered, for the message of an error
 * @param known of the job; without an id, the answer is to a submission
 */
export function readAnswer (response: Response, text: string, sentence: string, known: ErrorDetails): Answer | Failure {
  const { ok, status } = response
  const retryAfter = toMs(response.headers.get('retry-after'))
  const body = parse(text)
  if (ok && body !== undefined) return { status, body, retryAfter }
  return { error: toError(status, isProblem(body) ? body : undefined, sentence, known), retryAfter }
}

/** The code comes first: a job chooses the status of its failure itself, be it 404 or 503. */
export function toError (status: number, problem: Problem | undefined, sentence: string, known: ErrorDetails): AnyJobsClientError {
  const details = { ...known, problem }
  const message = `${sentence}: ${problem?.detail ?? 'not what this API answers'}`
  if (problem?.code === 'JOB_FAILED') return new JobFailedError(problem.error ?? { code: problem.code, message: problem.detail }, details)
  if (problem?.code === 'JOB_CANCELED') return new JobCanceledError(problem.detail, details)
  if (known.jobId === undefined) {
    if ([400, 413, 415, 422].includes(status)) return new InputInvalidError(message, details)
  } else if (status === 404 || status === 410) {
    return new JobNotFoundError(message, details)
  }
  return new RequestFailedError(message, status, details)
}

/** Seconds or a date (RFC 9110, section 10.2.3); neither is 0. Of another origin's answers, browsers show it only where CORS exposes it. */
function toMs (retryAfter: string | null): number {
  const seconds = Number(retryAfter)
  return Math.max(0, Number.isNaN(seconds) ? Date.parse(retryAfter as string) - Date.now() : seconds * 1_000) || 0
}

/** Undefined for what is no JSON. */
function parse (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Not by media type: what matters is that there is a code to go by. */
function isProblem (body: unknown): body is Problem {
  const { code, detail } = (body ?? {}) as Partial<Problem>
  return typeof code === 'string' && typeof detail === 'string'
}
