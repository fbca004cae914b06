import { inspect } from 'node:util'
import { isJobError, JobError, type JobErrorOptions } from '../errors.js'
import { toJson } from '../json.js'

/** An error as it crosses the border of a sandbox, in either direction. */
export interface SandboxFailure {
  message: string
  stack?: string
  cause?: SandboxFailure
  /** Where it was a JobError: what else it says. */
  jobError?: { code: string } & Pick<JobErrorOptions, 'data' | 'status' | 'retryable'>
}

export function toFailure (thrown: unknown): SandboxFailure {
  const { message, stack, cause } = asError(thrown)
  const failure: SandboxFailure = { message, stack, ...(cause !== undefined && { cause: toFailure(cause) }) }
  if (!isJobError(thrown)) return failure
  const { code, data, status, retryable } = thrown
  return { ...failure, jobError: { code, data: data === undefined ? undefined : jsonOrText(data), status, retryable } }
}

export function asError (thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(typeof thrown === 'string' ? thrown : inspect(thrown))
}

/** What was thrown on the other side; only a JobError keeps its kind. */
export function toError ({ jobError, message, stack, cause }: SandboxFailure): Error {
  const options = cause && { cause: toError(cause) }
  const error = jobError ? new JobError(jobError.code, message, { ...jobError, ...options }) : new Error(message, options)
  if (stack !== undefined) error.stack = stack
  return error
}

/** What is not JSON is told as text: neither a log line nor an error's data may fail the job. */
export function jsonOrText (value: unknown): unknown {
  try {
    return toJson(value)
  } catch {
    return inspect(value)
  }
}
