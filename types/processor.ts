import type { JobDefinition, ParsedInputOf, ReturnedOf } from './definition.js'

/** The part of a pino logger that this package uses. `request.log` and `app.log` have it. */
export interface JobLogger {
  debug: LogMethod
  info: LogMethod
  warn: LogMethod
  error: LogMethod
}

/** Logs a message, as pino does. You may pass fields before it. */
export interface LogMethod {
  (message: string): void
  (fields: object, message?: string): void
}

/** The second argument of a processor. */
export interface JobContext {
  /** The id of the job, as its clients know it. */
  readonly jobId: string
  /** The number of this attempt, from 1. */
  readonly attempt: number
  /** How many attempts the job has, the first one included. */
  readonly maxAttempts: number
  /**
   * Reports how far the job is. Report as often as you like: the worker stores the latest report, at most 20 times a
   * second. Resolves at once, or, in a sandbox, when the worker has taken the report.
   * @param percent 0 to 100. Other numbers are brought into that range
   * @param message says what the job is doing, for people. The worker cuts it off after 1,000 characters
   */
  progress (percent: number, message?: string): Promise<void>
  /**
   * Sends a chunk of partial output, in order, to everybody who watches the job now or later. Write as often as you
   * like: the worker stores chunks together, at most 20 times a second unless there is much output. Resolves at once,
   * or, if much output waits for the store, as soon as that is stored. All chunks are stored before the job becomes
   * final.
   * @param chunk text, or any JSON
   * @throws JobError `OUTPUT_TOO_LARGE` if a run of the job writes more than `maxOutputChunks` or `maxOutputBytes` of
   * the definition
   */
  write (chunk: unknown): Promise<void>
  /**
   * Aborts when the job is canceled, when the attempt has run too long or has lost its lock, or when its worker must
   * stop. After a cancel or a timeout, the reason is a `JobError` with the code `CANCELED` or `TIMEOUT`.
   */
  readonly signal: AbortSignal
  /** Logs with the job's name, id and attempt. */
  readonly log: JobLogger
}

/**
 * Your code: turns an input into the output. Whatever it throws makes the attempt fail. Clients see code and message
 * only of a `JobError`.
 */
export type Processor<Definition extends JobDefinition> = (
  input: ParsedInputOf<Definition>,
  context: JobContext
) => Returned<ReturnedOf<Definition>> | Promise<Returned<ReturnedOf<Definition>>>

/** The processor of a job whose output is null may return nothing. */
type Returned<Output> = null extends Output ? Output | void : Output
