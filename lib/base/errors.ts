import createError from '@fastify/error'
import type { InputIssue, JobFailure } from '../../types/job.js'

/*
 * The registry of all errors that this package throws. Clients may see code, sentence and HTTP status. The sentence
 * tells what happened and, unless that is plain, what to do next.
 */

/** The base class of all errors of the registry. It tells them from errors of the app. */
export class AsyncJobsError extends Error {}

/**
 * The base class of errors that no client sees: they tell the app's developers of mistakes and of faults of the store.
 */
export class MisuseError extends AsyncJobsError {}

/** The shape of all errors of the registry. */
export interface RegistryError extends AsyncJobsError {
  code: string
  /** The HTTP status of the answer. The app's error handler gets it too. 500 for a `MisuseError`. */
  statusCode?: number
}

/**
 * Makes the class of an error.
 * @param sentence `util.format` inserts the arguments of the constructor
 * @param status HTTP status of the answer. Without it, the class is a `MisuseError`
 */
function define<Args extends string[]> (code: string, sentence: string, status?: number): new (...args: Args) => RegistryError {
  // The cast widens the type of the base: @fastify/error asks for an ErrorConstructor, but uses only its prototype.
  return createError<Args>(code, sentence, status, (status === undefined ? MisuseError : AsyncJobsError) as unknown as ErrorConstructor)
}

// Errors that clients see. The third argument is the HTTP status of the answer
export const JobNotFoundError = define<[]>('JOB_NOT_FOUND', 'There is no such job, or it is not yours.', 404)
export const JobExpiredError = define<[string]>('JOB_EXPIRED', 'The job and its result were kept until %s. Submit it again.', 410)
export const JobNotFinishedError = define<[string]>('JOB_NOT_FINISHED', 'The job is not finished, its status is %s. Ask again after the time that Retry-After tells.', 409)
export const JobFailedError = define<[string]>('JOB_FAILED', '%s', 409)
export const JobCanceledError = define<[]>('JOB_CANCELED', 'The job was canceled.', 409)
export const JobAlreadyFinishedError = define<[string]>('JOB_ALREADY_FINISHED', 'The job cannot be canceled, it is %s.', 409)
export const IdempotencyKeyInvalidError = define<[]>('IDEMPOTENCY_KEY_INVALID', 'An Idempotency-Key has 1 to 255 visible ASCII characters, as they are or in double quotes.', 400)
export const IdempotencyKeyReusedError = define<[]>('IDEMPOTENCY_KEY_REUSED', 'This Idempotency-Key came with another input before. Take a new key for each submission.', 422)
export const OriginNotAllowedError = define<[]>('ORIGIN_NOT_ALLOWED', 'Pages of this origin may not open a WebSocket here.', 403)
export const TooManyConnectionsError = define<[string]>('TOO_MANY_CONNECTIONS', 'You have %s event streams, WebSockets and waiting requests open, and may have no more. Close some, or watch many jobs over one WebSocket.', 429)
export const QueueFullError = define<[]>('QUEUE_FULL', 'Too many jobs are waiting. Submit it again after the time that Retry-After tells.', 503)
export const OutputInvalidError = define<[]>('OUTPUT_INVALID', 'The output of the job does not have the promised form.', 500)
export const JobUnreadableError = define<[]>('JOB_UNREADABLE', 'The job cannot be shown: what is stored of it is damaged.', 500)
export const InternalError = define<[]>('INTERNAL_ERROR', 'Something went wrong. Try again later.', 500)
export const UpgradeRequiredError = define<[]>('UPGRADE_REQUIRED', 'Connect with a WebSocket client.', 426)
export const InputInvalidError = define<[string]>('INPUT_INVALID', 'The input is not valid: %s', 400)
export const ServiceClosingError = define<[]>('SERVICE_CLOSING', 'The service is closing. Ask again: another instance, or this one when it is back.', 503)
export const StoreUnavailableError = define<[]>('STORE_UNAVAILABLE', 'The job store cannot be reached. Try again shortly.', 503)

// Errors that no client sees
export const OptionInvalidError = define<[string, string, string]>('OPTION_INVALID', 'fastify-async-jobs: %s %s; given: %s')
export const PeerMissingError = define<[string, string]>('PEER_MISSING', 'fastify-async-jobs: this connection needs the package "%s". Install it: npm install %s')
export const EmbeddedInProductionError = define<[]>('EMBEDDED_IN_PRODUCTION', 'fastify-async-jobs: no connection was given and NODE_ENV is "production". Pass connection: a redis:// or postgres:// URL (or memory: where losing every job with the process is what you want)')
export const DirectoryInUseError = define<[string, string]>('DIRECTORY_IN_USE', 'fastify-async-jobs: the directory %s is in use by process %s, and only one can use it. Stop that one, give each a directory of its own, or use Redis')
export const SchemaRightsError = define<[string, string]>('SCHEMA_RIGHTS', 'fastify-async-jobs: this role of PostgreSQL may not make or use the schema "%s": %s. Let an administrator run npx fastify-async-jobs migrate <url>, and grant what docs/postgresql.md lists')
export const PoolerError = define<[]>('POOLER', 'fastify-async-jobs: notifications of PostgreSQL do not arrive, as behind a pooler in transaction mode, which hands a session to others: LISTEN needs one in session mode. Give the URL of such a pool, or of PostgreSQL itself')
export const PrefixTakenError = define<[string, string, string]>('PREFIX_TAKEN', 'fastify-async-jobs: the prefix "%s" has the job "%s" already. Give the job "%s" a prefix of its own')
export const JobTwiceError = define<[string]>('JOB_TWICE', 'fastify-async-jobs: another definition with the name "%s" is registered here already. Register that one, or give the job another name')
export const ProcessorTwiceError = define<[string]>('PROCESSOR_TWICE', 'fastify-async-jobs: the job "%s" has a processor in this service already. Pass the processor to one registration only')
export const JobNotRegisteredError = define<[string]>('JOB_NOT_REGISTERED', 'fastify-async-jobs: no job "%s" is registered here. Register the plugin with it before it is used')
export const ReadTimeoutError = define<[string]>('READ_TIMEOUT', 'fastify-async-jobs: the store answers, but took longer than %s ms to send a result or partial output')
export const CommandTimeoutError = define<[string]>('COMMAND_TIMEOUT', 'Redis did not answer within %s ms')
export const RedisTooOldError = define<[string]>('REDIS_TOO_OLD', 'Redis %s is too old: the service needs 6.2 or later')
export const OwnerInvalidError = define<[string]>('OWNER_INVALID', 'fastify-async-jobs: an owner must be a string that is not empty and well-formed (no U+0000, no half of a surrogate pair), and is %s. Throw where a request has no owner')
export const ProcessorModuleError = define<[string, string]>('PROCESSOR_MODULE', 'fastify-async-jobs: the processor module %s %s')

/** The members of a problem beside code, status and sentence. */
export interface ProblemDetails {
  jobId?: string
  error?: JobFailure
  issues?: InputIssue[]
  /** Headers of the answer. Fastify's own error handler sets them too. */
  headers?: Record<string, string>
}

/** Adds to an error the details that its problem shows beside the sentence. */
export function withDetails<E extends Error> (error: E, details: ProblemDetails): E & ProblemDetails {
  return Object.assign(error, details)
}

/**
 * Deletes the command from an error of the store, so that the error may be logged and thrown. ioredis attaches the
 * command that failed with its arguments: a job's whole input, or the password.
 */
export function withoutCommand (error: unknown): unknown {
  if (error instanceof Error && 'command' in error) delete error.command
  return error
}

/** Options of a `JobError`. */
export interface JobErrorOptions extends ErrorOptions {
  /**
   * JSON that clients see beside code and message. It is left out if the failure is longer than some 16,000 characters.
   */
  data?: unknown
  /** The HTTP status that `GET /result` answers with, 400 to 599. Default 409. */
  status?: number
  /** `true`: the attempt failed, and the job may be tried again. Default `false`: the job fails at once. */
  retryable?: boolean
}

/**
 * Marks a `JobError`. A processor's module may load another copy of this package, for which `instanceof` fails. The
 * symbol is the same in all copies.
 */
const JOB_ERROR = Symbol.for('fastify-async-jobs.JobError')

/** Whether a thrown value is a `JobError`, of this or of another copy of the package. */
export function isJobError (thrown: unknown): thrown is JobError {
  try {
    return thrown instanceof Error && JOB_ERROR in thrown
  } catch {
    // A Proxy may throw here.
    return false
  }
}

/**
 * An error for the clients of a job. A processor throws it, and clients see its code and message. Of all other errors
 * they see neither.
 */
export class JobError extends Error {
  override readonly name = 'JobError'
  /** Stable and upper case, for programs. */
  readonly code: string
  /** JSON that clients see beside code and message. */
  readonly data: unknown
  /** The HTTP status that `GET /result` answers with. undefined: 409. */
  readonly status: number | undefined
  /** Whether the job may be tried again. */
  readonly retryable: boolean

  /**
   * @param code stable and upper case, for programs, such as `TEXT_TOO_LONG`
   * @param message a sentence for people
   */
  constructor (code: string, message: string, options: JobErrorOptions = {}) {
    super(message, options)
    this.code = code
    this.data = options.data
    this.status = options.status
    this.retryable = options.retryable ?? false
  }

  get [JOB_ERROR] (): true { return true }
}
