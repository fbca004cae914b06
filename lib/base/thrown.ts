import { types } from 'node:util'
import { isJobError, JobError, type JobErrorOptions } from './errors.js'
import { jsonOrText } from './json.js'
import { textOf, UNREADABLE } from './text-of.js'

/** How many causes of an error are told: they may go round in a circle. */
const MAX_CAUSES = 10

/** The kinds of errors that keep their kind, beside JobError. */
const KINDS = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError }

/** What was thrown, read once: plain data, which changes and throws no more. */
export interface Thrown {
  name: string
  message: string
  stack?: string | undefined
  cause?: Thrown | undefined
  /** Where it was a JobError: what else it says. */
  jobError?: { code: string } & Pick<JobErrorOptions, 'data' | 'status' | 'retryable'>
}

/**
 * Reads anything that was thrown. It may be no error, frozen or a Proxy, its getters may throw, its causes go round
 * in a circle: none of that may hide what happened.
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

/** The same, with all in it as JSON: so it can be logged and can travel. Data that is no JSON must not hide the error that it came with. */
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

/** An error again. Only those of the language and a JobError keep their kind. */
export function toError ({ name, message, stack, cause, jobError }: Thrown, causes = MAX_CAUSES): Error {
  const options = cause !== undefined && causes > 0 ? { cause: toError(cause, causes - 1) } : undefined
  const Kind = Object.hasOwn(KINDS, name) ? KINDS[name as keyof typeof KINDS] : Error
  const error = jobError ? new JobError(jobError.code, message, { ...jobError, ...options }) : new Kind(message, options)
  if (stack !== undefined) error.stack = stack
  return error
}

export function isError (value: unknown): value is Error {
  try {
    return value instanceof Error || types.isNativeError(value)
  } catch {
    // A Proxy that does not say.
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
