import type { InputIssue, Job, JobFailure, Problem } from '../../types/job.js'

/** The fields of an error, as far as they are known where it is thrown. */
export interface ErrorDetails {
  jobId?: string | undefined
  job?: Job | undefined
  problem?: Problem | undefined
  status?: number | undefined
  body?: unknown
  retryAfter?: number | undefined
  cause?: unknown
}

/**
 * The base class of all errors that the client itself throws. A call that you abort rejects with the signal's reason
 * instead.
 */
export abstract class JobsClientError extends Error {
  abstract override readonly name: string
  /** Stable, for programs. */
  abstract readonly code: string
  /** The id of the job. Absent if the job had no id yet. */
  declare readonly jobId: string | undefined
  /** The job as the client saw it last. */
  declare readonly job: Job | undefined
  /** The body of the answer that caused the error, if it was a problem (RFC 9457). */
  declare readonly problem: Problem | undefined
  /** The HTTP status of that answer. Absent if no answer caused the error. */
  declare readonly status: number | undefined
  /** The body of that answer, whoever sent it: the value of its JSON, or its text if it is not JSON. */
  declare readonly body: unknown
  /** How long that answer asks to wait before the next try, in ms. 0 if it does not say. */
  declare readonly retryAfter: number | undefined

  /**
   * @param details the fields of the error. `askAt` is left out, so that you can pass what the client knows of the job
   */
  constructor (message: string, { askAt, ...details }: ErrorDetails & { askAt?: number } = {}) {
    super(message)
    Object.assign(this, details)
  }
}

/** The job failed: no further attempt follows. */
export class JobFailedError extends JobsClientError {
  override readonly name = 'JobFailedError'
  readonly code = 'JOB_FAILED'
  /** Why the job failed. */
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

/** The job is not final, so it has no result yet. Use `wait()` to wait for it. */
export class JobNotFinishedError extends JobsClientError {
  override readonly name = 'JobNotFinishedError'
  readonly code = 'JOB_NOT_FINISHED'
}

/**
 * There is no such job, or it is not yours (404), or it has expired (410). The client also throws this error for an id
 * that no job can have, without a request.
 */
export class JobNotFoundError extends JobsClientError {
  override readonly name = 'JobNotFoundError'
  readonly code = 'JOB_NOT_FOUND'
}

/**
 * The server refused the input: 400, 413, 415 or 422. Do not send the same input again: the server would refuse it
 * again.
 */
export class InputInvalidError extends JobsClientError {
  override readonly name = 'InputInvalidError'
  readonly code = 'INPUT_INVALID'
  /** Everything that is wrong with the input. Empty if the server does not say. */
  readonly issues: InputIssue[] = this.problem?.issues ?? []
}

/** The answer was another unexpected one. */
export class RequestFailedError extends JobsClientError {
  override readonly name = 'RequestFailedError'
  readonly code = 'REQUEST_FAILED'
  /**
   * The HTTP status of the answer. 2xx: its body is none of this API. 3xx, or 0 in browsers: a redirect that the client
   * does not follow.
   */
  declare readonly status: number
}

/**
 * No answer came, or not all of it. `cause` is the error of `fetch`, if it threw one. The server may have stored a
 * submission all the same.
 */
export class NetworkError extends JobsClientError {
  override readonly name = 'NetworkError'
  readonly code = 'NETWORK_ERROR'
}

/**
 * Something between client and server does not let the current transport through. Another transport may get through.
 */
export class UnsuitableError extends NetworkError {}

/**
 * The `timeout` of the call is over. The job goes on. Without a `jobId`, the server may or may not have stored the job.
 */
export class WaitTimeoutError extends JobsClientError {
  override readonly name = 'WaitTimeoutError'
  readonly code = 'WAIT_TIMEOUT'
}

/** An option does not exist, or has a value that it does not take. The client has sent nothing. */
export class OptionInvalidError extends JobsClientError {
  override readonly name = 'OptionInvalidError'
  readonly code = 'OPTION_INVALID'
}

/** All errors of the client. Tell them apart by `code`. */
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

/** Whether an error is a {@link JobFailedError}. */
export const isJobFailedError = guard(JobFailedError)
/** Whether an error is a {@link JobCanceledError}. */
export const isJobCanceledError = guard(JobCanceledError)
/** Whether an error is a {@link JobNotFinishedError}. */
export const isJobNotFinishedError = guard(JobNotFinishedError)
/** Whether an error is a {@link JobNotFoundError}. */
export const isJobNotFoundError = guard(JobNotFoundError)
/** Whether an error is an {@link InputInvalidError}. */
export const isInputInvalidError = guard(InputInvalidError)
/** Whether an error is a {@link RequestFailedError}. */
export const isRequestFailedError = guard(RequestFailedError)
/** Whether an error is a {@link NetworkError}. */
export const isNetworkError = guard(NetworkError)
/** Whether an error is a {@link WaitTimeoutError}. */
export const isWaitTimeoutError = guard(WaitTimeoutError)
/** Whether an error is an {@link OptionInvalidError}. */
export const isOptionInvalidError = guard(OptionInvalidError)

/** Whether an error is one of the client's. Its `code` then says which. */
export function isJobsClientError (error: unknown): error is AnyJobsClientError {
  return [
    isJobFailedError, isJobCanceledError, isJobNotFinishedError, isJobNotFoundError, isInputInvalidError,
    isRequestFailedError, isNetworkError, isWaitTimeoutError, isOptionInvalidError
  ].some(isOne => isOne(error))
}

/**
 * Makes the guard of a class. It does not use `instanceof`, because a bundle may hold this module twice. It compares
 * name and code: the name alone may be that of the platform's own `NetworkError`, the code alone that of a server's
 * error.
 */
function guard<E extends AnyJobsClientError> (Class: new (message: never, details: ErrorDetails) => E): (error: unknown) => error is E {
  // Classes differ in the type of their first argument, but each takes an empty text.
  const { name, code } = new Class('' as never, {})
  return (error): error is E => {
    const candidate = Object(error) as { name?: unknown, code?: unknown }
    return candidate.name === name && candidate.code === code
  }
}
