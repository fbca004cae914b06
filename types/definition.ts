import type { Received, Schema, Sent } from './schema.js'

/** How long a job waits after a failed attempt before the next one: BullMQ's backoff. */
export interface Backoff {
  /** `fixed`: always `delay`. `exponential`: `delay` before the second attempt, doubled before each further one. */
  type: 'fixed' | 'exponential'
  /** In ms. */
  delay: number
  /**
   * The random share of the wait, 0 to 1. It keeps jobs that failed at the same time from being tried again at the same
   * time. Default 0.
   */
  jitter?: number
}

/** How long clients can read a final job and its result. */
export interface Retention {
  /** Of a completed job: in seconds, from its completion. Default 86,400: a day. */
  completed: number
  /** Of a failed or canceled job: in seconds, from its end. Default 604,800: a week. */
  failed: number
}

/** Options of `defineJob`. */
export interface JobDefinitionOptions<Name extends string, Input extends Schema, Output extends Schema> {
  /**
   * Name of the job and of its BullMQ queue. It begins with a letter and has at most 128 letters, digits, `.`, `_`
   * and `-`.
   */
  name: Name
  /** What the job does, for the API's documentation. */
  description?: string
  /**
   * The schema of what clients post. It is a TypeBox schema, a JSON Schema (2020-12 if its `$schema` says so, else
   * draft 7), or a schema of a library with Standard Schema. Your app's own validator checks inputs against a JSON
   * Schema. A library checks them itself.
   */
  input: Input
  /** The schema of what the processor returns. `Type.Null()` for a job without output. */
  output: Output
  /** How many attempts a job has, the first one included. Default 3. */
  attempts?: number
  /** The wait between attempts. Default: exponential from 1,000 ms, with jitter 0.5. */
  backoff?: Backoff
  /**
   * How long one attempt may run, in ms, from its start. After that its `signal` aborts, and the attempt counts as
   * failed with `TIMEOUT`. Default 600,000: ten minutes.
   */
  timeout?: number
  /**
   * How long the job may wait for its first attempt, in seconds, from its submission or the end of its `delay`.
   * After that it fails with `EXPIRED`. Default: no limit.
   */
  startBy?: number
  /** How long clients can read a final job and its result. */
  retention?: Partial<Retention>
  /** How many chunks of partial output one run of the job may write. Default 10,000. */
  maxOutputChunks?: number
  /** How many bytes the chunks of one run may have together, as JSON in UTF-8. Default 1,048,576. */
  maxOutputBytes?: number
}

/**
 * A job's contract, made by `defineJob`. Validation, documentation, worker and client types all derive from it.
 * Each field is the option of the same name in {@link JobDefinitionOptions}, or its default.
 */
export interface JobDefinition<
  Name extends string = string,
  Input extends Schema = Schema,
  Output extends Schema = Schema
> {
  readonly name: Name
  readonly description?: string
  readonly input: Input
  readonly output: Output
  readonly attempts: number
  readonly backoff: Readonly<Required<Backoff>>
  readonly timeout: number
  readonly startBy?: number
  readonly retention: Readonly<Retention>
  readonly maxOutputChunks: number
  readonly maxOutputBytes: number
}

/** The input that clients post. They may leave out fields that have a default. */
export type InputOf<Definition extends JobDefinition> = Sent<Definition['input']>

/** The input that the processor gets: defaults are filled in, and the schema's library has transformed it. */
export type ParsedInputOf<Definition extends JobDefinition> = Received<Definition['input']>

/** The output that clients get. */
export type OutputOf<Definition extends JobDefinition> = Received<Definition['output']>

/** The output that the processor returns. */
export type ReturnedOf<Definition extends JobDefinition> = Sent<Definition['output']>
