import type { InputOf, JobDefinition, OutputOf } from './definition.js'

/** The part of a pino logger that a processor uses; `request.log` and `app.log` have this shape. */
export interface JobLogger {
  debug: LogMethod
  info: LogMethod
  warn: LogMethod
  error: LogMethod
}

interface LogMethod {
  (message: string): void
  (fields: object, message?: string): void
}

/** What a processor gets beside its input. */
export interface JobContext {
  readonly jobId: string
  /** Which attempt this is, from 1. */
  readonly attempt: number
  /** Attempts the job may take in all. */
  readonly maxAttempts: number
  /**
   * Reports how far the job is. Resolves once it is stored.
   * @param percent 0 to 100; other numbers are brought into that range
   * @param message what the job is doing, for people; what is behind its first 1,000 characters is cut off
   */
  progress (percent: number, message?: string): Promise<void>
  /** Aborts when the attempt has run too long, has lost its lock, or its worker must stop. */
  readonly signal: AbortSignal
  /** Logs with the job's name, id and attempt. */
  readonly log: JobLogger
}

/**
 * A team's own code: turns an input into the output. What it throws counts as a failed
 * attempt; only a `JobError` is shown to clients.
 */
export type Processor<Definition extends JobDefinition> = (
  input: InputOf<Definition>,
  context: JobContext
) => Returned<OutputOf<Definition>> | Promise<Returned<OutputOf<Definition>>>

/** A job whose output is null need not return anything. */
type Returned<Output> = null extends Output ? Output | void : Output
