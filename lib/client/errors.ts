import type { InputIssue, Job, JobFailure, Problem } from '../../types/job.js'

/** What is known where an error is thrown. */
export interface ErrorDetails {
  jobId?: string | undefined
  job?: Job | undefined
  problem?: Problem | undefined
  status?: number | undefined
  body?: unknown
  retryAfter?: number | undefined
  cause?: unknown
}

/** The base of everything that the client itself throws. A call that its caller aborts rejects with the signal's reason instead. */
export abstract class JobsClientError extends Error {
  abstract override readonly name: string
  /** Stable, for programs. */
  abstract readonly code: string
  /** Absent as long as the job had no id. */
  declare readonly jobId: string | undefined
  /** The job as it was seen last. */
  declare readonly job: Job | undefined
  /** The body of the answer that led here, where that was a problem (RFC 9457). */
  declare readonly problem: Problem | undefined
  /** The HTTP status of that answer. Absent where none led here. */
  declare readonly status: number | undefined
  /** The body of that answer, whoever answered: what its JSON says, or its text where it is none. */
  declare readonly body: unknown
  /** After how many ms that answer allows another try; 0 where it says nothing of it. */
  declare readonly retryAfter: number | undefined

  /** @param details what else is known where the error is made stays there */
  constructor (message: string, { askAt, ...details }: ErrorDetails & { askAt?: number } = {}) {
    super(message)
    Object.assign(this, details)
  }
}

/** The job failed; its last attempt did. */
export class JobFailedError extends JobsClientError {
  override readonly name = 'JobFailedError'
  readonly code = 'JOB_FAILED'
  /** Why: a code of the job's own, or one of ours. */
  readonly failure: JobFailure

  constructor (failure: JobFailure | undefined, details: ErrorDetails) {
    failure ??= { code: 'JOB_FAILED', message: details.problem?.detail ?? 'The job failed.' }
    super(failure.message, details)
    this.failure = failure
  }
}

/** The job was canceled. */
export class JobCanceledError extends JobsClientError {
  override readonly name = 'JobCanceledError'
  readonly code = 'JOB_CANCELED'
}

/** The job is not final, so it has no result yet: `wait()` waits for it. */
export class JobNotFinishedError extends JobsClientError {
  override readonly name = 'JobNotFinishedError'
  readonly code = 'JOB_NOT_FINISHED'
}

/** There is no such job, or it is not yours (404), or it was kept long enough (410). Or its id is none that a job can have. */
export class JobNotFoundError extends JobsClientError {
  override readonly name = 'JobNotFoundError'
  readonly code = 'JOB_NOT_FOUND'
}

/** The server refused the input: 400, 413, 415 or 422. Sent again, it will be refused again. */
export class InputInvalidError extends JobsClientError {
  override readonly name = 'InputInvalidError'
  readonly code = 'INPUT_INVALID'
  /** Everything that is wrong with it, as far as the server tells. */
  readonly issues: InputIssue[] = this.problem?.issues ?? []
}

/** Any other answer that was not the expected one. */
export class RequestFailedError extends JobsClientError {
  override readonly name = 'RequestFailedError'
  readonly code = 'REQUEST_FAILED'
  /** 2xx: the answer was not what this API answers. 3xx, or 0 in browsers: a redirect that is not followed. */
  declare readonly status: number
}

/** No answer, or not all of it; `cause` is what `fetch` threw. A submission may have been stored all the same. */
export class NetworkError extends JobsClientError {
  override readonly name = 'NetworkError'
  readonly code = 'NETWORK_ERROR'
}

/** What stands between here and the server does not let one way of following a job through; another may get there. */
export class UnsuitableError extends NetworkError {}

/** The call's `timeout` is over; the job goes on. Without a `jobId`, whether the job was stored is not known. */
export class WaitTimeoutError extends JobsClientError {
  override readonly name = 'WaitTimeoutError'
  readonly code = 'WAIT_TIMEOUT'
}

/** An option that is none, or that has a value which it does not take. Nothing was sent. */
export class OptionInvalidError extends JobsClientError {
  override readonly name = 'OptionInvalidError'
  readonly code = 'OPTION_INVALID'
}

/** Every error of the client: its `code` tells them apart. */
export type AnyJobsClientError =
  | JobFailedError
  | JobCanceledError
  | JobNotFinishedError
  | JobNotFoundError
  | InputInvalidError
  | RequestFailedError
  | NetworkError
  | WaitTimeoutError
  | OptionInvalidError

/** Whether it is {@link JobFailedError}. */
export const isJobFailedError = guard(JobFailedError)
/** Whether it is {@link JobCanceledError}. */
export const isJobCanceledError = guard(JobCanceledError)
/** Whether it is {@link JobNotFinishedError}. */
export const isJobNotFinishedError = guard(JobNotFinishedError)
/** Whether it is {@link JobNotFoundError}. */
export const isJobNotFoundError = guard(JobNotFoundError)
/** Whether it is {@link InputInvalidError}. */
export const isInputInvalidError = guard(InputInvalidError)
/** Whether it is {@link RequestFailedError}. */
export const isRequestFailedError = guard(RequestFailedError)
/** Whether it is {@link NetworkError}. */
export const isNetworkError = guard(NetworkError)
/** Whether it is {@link WaitTimeoutError}. */
export const isWaitTimeoutError = guard(WaitTimeoutError)
/** Whether it is {@link OptionInvalidError}. */
export const isOptionInvalidError = guard(OptionInvalidError)

/** Whether it is one of the client's errors, which one its `code` tells. */
export function isJobsClientError (error: unknown): error is AnyJobsClientError {
  return [
    isJobFailedError, isJobCanceledError, isJobNotFinishedError, isJobNotFoundError, isInputInvalidError,
    isRequestFailedError, isNetworkError, isWaitTimeoutError, isOptionInvalidError
  ].some(isOne => isOne(error))
}

/**
 * Not by class: a bundle may hold this module twice. By name and code: the platform has a
 * `NetworkError` of its own, and the server's errors have some of these codes.
 */
function guard<E extends AnyJobsClientError> (Class: new (message: never, details: ErrorDetails) => E): (error: unknown) => error is E {
  const { name, code } = new Class('' as never, {})
  return (error): error is E => {
    const candidate = Object(error) as { name?: unknown, code?: unknown }
    return candidate.name === name && candidate.code === code
  }
}
