import type { Received, Schema, Sent } from './schema.js'

/** How long to wait before a failed attempt is repeated; BullMQ's backoff. */
export interface Backoff {
  /** `fixed`: always `delay`. `exponential`: `delay` before the second attempt, doubled before each further one. */
  type: 'fixed' | 'exponential'
  /** ms. */
  delay: number
  /** The share of the wait that is random, 0 to 1, so that jobs that failed together do not return together. Default 0. */
  jitter?: number
}

/** How long a final job and its result can be read. */
export interface Retention {
  /** Seconds after completion. Default 86,400: a day. */
  completed: number
  /** Seconds after the last failure. Default 604,800: a week. */
  failed: number
}

/** What `defineJob` takes. */
export interface JobDefinitionOptions<Name extends string, Input extends Schema, Output extends Schema> {
  /** Name of the job and of its BullMQ queue: letters, digits, `.`, `_` and `-`, beginning with a letter; at most 128. */
  name: Name
  /** What the job does, for the API's documentation. */
  description?: string
  /**
   * The schema of what clients post: TypeBox, JSON Schema (draft 7, or 2020-12 where `$schema` says so), or that of a
   * library with Standard Schema. The host's own validator applies a JSON Schema, a library its own.
   */
  input: Input
  /** The schema of what the processor returns. `Type.Null()` for a job without output. */
  output: Output
  /** How often a job may be tried in all. Default 3. */
  attempts?: number
  /** The wait between attempts. Default exponential from 1,000 ms with jitter 0.5. */
  backoff?: Backoff
  /** How long one attempt may run, in ms, from its start; then its `signal` aborts and it counts as failed with `TIMEOUT`. Default 600,000: ten minutes. */
  timeout?: number
  /**
   * How long the job may wait for its first attempt, in seconds, from its submission or the end of its
   * delay; then it fails with `EXPIRED`. Default: as long as it takes.
   */
  startBy?: number
  /** How long results can be read. */
  retention?: Partial<Retention>
  /** Chunks of partial output that one run of the job may write. Default 10,000. */
  maxOutputChunks?: number
  /** Bytes of them together, as JSON in UTF-8. Default 1,048,576. */
  maxOutputBytes?: number
}

/**
 * A job's contract, made by `defineJob`: the one source of validation, documentation, worker and client types.
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

/** What clients of a job post. They may leave out what has a default. */
export type InputOf<Definition extends JobDefinition> = Sent<Definition['input']>

/** What the processor gets: with defaults, and as a schema's library has transformed it. */
export type ParsedInputOf<Definition extends JobDefinition> = Received<Definition['input']>

/** What clients of a job get. */
export type OutputOf<Definition extends JobDefinition> = Received<Definition['output']>

/** What the processor returns. */
export type ReturnedOf<Definition extends JobDefinition> = Sent<Definition['output']>
