import type { InputIssue, Job, JobFailure, Problem } from '../../types/job.js'

/** What is known where an error is thrown. */
export interface ErrorDetails {
  jobId?: string | undefined
  job?: Job | undefined
  problem?: Problem | undefined
  cause?: unknown
}

/** The base of everything that the client itself throws. A call that its caller aborts rejects with the signal's reason instead. */
export abstract class JobsClientError extends Error {
  abstract override readonly name: string
  /** Stable, for programs. */
  abstract readonly code: string
  /** Absent as long as the job had no id. */
  readonly jobId: string | undefined
  /** The job as it was seen last. */
  readonly job: Job | undefined
  /** The body of the answer that led here, where that was a problem (RFC 9457). */
  readonly problem: Problem | undefined

  constructor (message: string, details: ErrorDetails) {
    super(message, details)
    this.jobId = details.jobId
    this.job = details.job
    this.problem = details.problem
  }
}

/** The job failed; its last attempt did. */
export class JobFailedError extends JobsClientError {
  override readonly name = 'JobFailedError'
  readonly code = 'JOB_FAILED'
  /** Why: a code of the job's own, or one of ours. */
  readonly failure: JobFailure

  constructor (failure: JobFailure, details: ErrorDetails) {
    super(failure.message, details)
    this.failure = failure
  }
}

/** The job was canceled. */
export class JobCanceledError extends JobsClientError {
  override readonly name = 'JobCanceledError'
  readonly code = 'JOB_CANCELED'
}

/** There is no such job, or it is not yours (404), or it was kept long enough (410). */
export class JobNotFoundError extends JobsClientError {
  override readonly name = 'JobNotFoundError'
  readonly code = 'JOB_NOT_FOUND'
}

/** The server refused the input: 400, 413, 415 or 422. Sent again, it will be refused again. */
export class InputInvalidError extends JobsClientError {
  override readonly name = 'InputInvalidError'
  readonly code = 'INPUT_INVALID'
  /** Everything that is wrong with it, as far as the server tells. */
  readonly issues: InputIssue[]

  constructor (message: string, details: ErrorDetails) {
    super(message, details)
    this.issues = details.problem?.issues ?? []
  }
}

/** Any other answer that was not the expected one. */
export class RequestFailedError extends JobsClientError {
  override readonly name = 'RequestFailedError'
  readonly code = 'REQUEST_FAILED'
  /** The HTTP status. 2xx: the answer was not what this API answers. */
  readonly status: number

  constructor (message: string, status: number, details: ErrorDetails) {
    super(message, details)
    this.status = status
  }
}

/** No answer, or not all of it; `cause` is what `fetch` threw. A submission may have been stored all the same. */
export class NetworkError extends JobsClientError {
  override readonly name = 'NetworkError'
  readonly code = 'NETWORK_ERROR'
}

/** The call's `timeout` is over; the job goes on. Without a `jobId`, whether the job was stored is not known. */
export class WaitTimeoutError extends JobsClientError {
  override readonly name = 'WaitTimeoutError'
  readonly code = 'WAIT_TIMEOUT'
}

/** Every error of the client: its `code` tells them apart. */
export type AnyJobsClientError =
  | JobFailedError
  | JobCanceledError
  | JobNotFoundError
  | InputInvalidError
  | RequestFailedError
  | NetworkError
  | WaitTimeoutError

export const isJobFailedError = guard<JobFailedError>('JobFailedError', 'JOB_FAILED')
export const isJobCanceledError = guard<JobCanceledError>('JobCanceledError', 'JOB_CANCELED')
export const isJobNotFoundError = guard<JobNotFoundError>('JobNotFoundError', 'JOB_NOT_FOUND')
export const isInputInvalidError = guard<InputInvalidError>('InputInvalidError', 'INPUT_INVALID')
export const isRequestFailedError = guard<RequestFailedError>('RequestFailedError', 'REQUEST_FAILED')
export const isNetworkError = guard<NetworkError>('NetworkError', 'NETWORK_ERROR')
export const isWaitTimeoutError = guard<WaitTimeoutError>('WaitTimeoutError', 'WAIT_TIMEOUT')

/** Whether it is one of the client's errors, which one its `code` tells. */
export function isJobsClientError (error: unknown): error is AnyJobsClientError {
  return [
    isJobFailedError, isJobCanceledError, isJobNotFoundError, isInputInvalidError,
    isRequestFailedError, isNetworkError, isWaitTimeoutError
  ].some(isOne => isOne(error))
}

/**
 * Not by class: a bundle may hold this module twice. By name and code: the platform has a
 * `NetworkError` of its own, and the server's errors have some of these codes.
 */
function guard<E extends AnyJobsClientError> (name: E['name'], code: E['code']): (error: unknown) => error is E {
  return (error): error is E => {
    const candidate = (error ?? {}) as { name?: unknown, code?: unknown }
    return candidate.name === name && candidate.code === code
  }
}
