import type { JobDefinition, ParsedInputOf, ReturnedOf } from './definition.js'

/** The part of a pino logger that a processor uses; `request.log` and `app.log` have this shape. */
export interface JobLogger {
  debug: LogMethod
  info: LogMethod
  warn: LogMethod
  error: LogMethod
}

/** Logs a message, with fields before it where there are some, as pino does. */
export interface LogMethod {
  (message: string): void
  (fields: object, message?: string): void
}

/** What a processor gets beside its input. */
export interface JobContext {
  /** The id of the job, as its clients know it. */
  readonly jobId: string
  /** Which attempt this is, from 1. */
  readonly attempt: number
  /** Attempts the job may take in all. */
  readonly maxAttempts: number
  /**
   * Reports how far the job is. Report as often as you like: at most 20 times a second it is stored,
   * the latest report each time. Resolves at once, or as soon as the store keeps up again.
   * @param percent 0 to 100; other numbers are brought into that range
   * @param message what the job is doing, for people; what is behind its first 1,000 characters is cut off
   */
  progress (percent: number, message?: string): Promise<void>
  /**
   * Sends a chunk of partial output to everybody who watches the job, now or later, in order. Write as
   * often as you like: chunks are stored together, at most 20 times a second unless there is much of it. Resolves at
   * once, or as soon as the store keeps up again. What was written is stored before the job becomes final.
   * @param chunk text, or any JSON
   * @throws JobError `OUTPUT_TOO_LARGE` where a run of the job writes more than `maxOutputChunks` or `maxOutputBytes` of the definition
   */
  write (chunk: unknown): Promise<void>
  /**
   * Aborts when the job was canceled, the attempt has run too long or has lost its lock, or its worker
   * must stop. Canceled and timed out, the reason is a `JobError` with the code `CANCELED` or `TIMEOUT`.
   */
  readonly signal: AbortSignal
  /** Logs with the job's name, id and attempt. */
  readonly log: JobLogger
}

/**
 * A team's own code: turns an input into the output. What it throws counts as a failed
 * attempt; only a `JobError` is shown to clients.
 */
export type Processor<Definition extends JobDefinition> = (
  input: ParsedInputOf<Definition>,
  context: JobContext
) => Returned<ReturnedOf<Definition>> | Promise<Returned<ReturnedOf<Definition>>>

/** A job whose output is null need not return anything. */
type Returned<Output> = null extends Output ? Output | void : Output
