import { types } from 'node:util'
import { isJobError, JobError, type JobErrorOptions } from './errors.js'
import { jsonOrText } from './json.js'
import { textOf, UNREADABLE } from './text-of.js'

/** How many causes of an error are read. Causes may form a circle. */
const MAX_CAUSES = 10

/** The classes that `toError` makes errors of, beside JobError. */
const KINDS = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError }

/** A thrown value as plain data. Reading it again gives the same and does not throw. */
export interface Thrown {
  name: string
  message: string
  stack?: string | undefined
  cause?: Thrown | undefined
  /** The further fields of a JobError. */
  jobError?: { code: string } & Pick<JobErrorOptions, 'data' | 'status' | 'retryable'>
}

/**
 * Reads any thrown value. Never throws, so that nothing hides what happened: the value may be no error, it may be
 * frozen or a Proxy, its getters may throw, and its causes may form a circle.
 */
export function readThrown (thrown: unknown, causes = MAX_CAUSES): Thrown {
  if (!isError(thrown)) return { name: 'Error', message: textOf(thrown) }
  const [name, stack, cause] = [read(thrown, 'name'), read(thrown, 'stack'), read(thrown, 'cause')]
  return {
    name: typeof name === 'string' ? name : 'Error',
    message: textOf(read(thrown, 'message', UNREADABLE)),
    ...(typeof stack === 'string' && { stack }),
    ...(cause !== undefined && causes > 0 && { cause: readThrown(cause, causes - 1) }),
    ...(isJobError(thrown) && { jobError: readJobError(thrown) })
  }
}

/**
 * Like `readThrown`, but the result is JSON, so that it can be logged and sent to another process. Data that is not
 * JSON becomes a text, so that it does not hide the error.
 */
export function readPlain (thrown: unknown): Thrown {
  return plain(readThrown(thrown))
}

function plain ({ cause, jobError, ...rest }: Thrown): Thrown {
  return {
    ...rest,
    ...(cause !== undefined && { cause: plain(cause) }),
    ...(jobError !== undefined && { jobError: { ...jobError, data: jobError.data === undefined ? undefined : jsonOrText(jobError.data) } })
  }
}

function readJobError (thrown: JobError): Thrown['jobError'] {
  const status = read(thrown, 'status')
  return {
    code: textOf(read(thrown, 'code')),
    data: read(thrown, 'data'),
    status: typeof status === 'number' ? status : undefined,
    retryable: Boolean(read(thrown, 'retryable'))
  }
}

/** Turns what `readThrown` returned into an error again. Built-in errors and a JobError keep their class. */
export function toError ({ name, message, stack, cause, jobError }: Thrown, causes = MAX_CAUSES): Error {
  const options = cause !== undefined && causes > 0 ? { cause: toError(cause, causes - 1) } : undefined
  const Kind = Object.hasOwn(KINDS, name) ? KINDS[name as keyof typeof KINDS] : Error
  const error = jobError ? new JobError(jobError.code, message, { ...jobError, ...options }) : new Kind(message, options)
  if (stack !== undefined) error.stack = stack
  return error
}

/** Whether a value is an error, of this realm or of another one. Never throws. */
export function isError (value: unknown): value is Error {
  try {
    return value instanceof Error || types.isNativeError(value)
  } catch {
    // A Proxy may throw here.
    return false
  }
}

function read (error: Error, name: string, otherwise?: string): unknown {
  try {
    return Reflect.get(error, name)
  } catch {
    return otherwise
  }
}
