import type { Queue } from 'bullmq'
import type { InputOf, JobDefinition, OutputOf } from './definition.js'
import type { Job, JobEvent } from './job.js'
import type { JobOptions } from './options.js'

/** Options of `JobHandle.submit`. */
export interface HandleSubmitOptions extends JobOptions {
  /**
   * Any text. A second submission with the same key, input and owner gives the first one's job, as long as the store
   * has it. With another input, it throws `IDEMPOTENCY_KEY_REUSED`.
   */
  idempotencyKey?: string | undefined
  /**
   * The owner of the job, for plugins with the option `owner`: that of a request, for example. Default: none, so that
   * only your own code sees the job.
   */
  owner?: string | undefined
}

/**
 * The BullMQ queue of a definition. It is an interface, not a type alias, so that the declarations of a package that
 * exports it can name it without BullMQ.
 */
export interface JobQueue<Definition extends JobDefinition> extends Queue<InputOf<Definition>, OutputOf<Definition>, Definition['name']> {}

/** Options of `JobHandle.wait`. */
export interface HandleWaitOptions {
  /** When it aborts, the wait rejects with the signal's reason. The job goes on. */
  signal?: AbortSignal | undefined
  /** How long to wait, in ms, from the call on. Default: no limit. */
  timeout?: number | undefined
}

/** Options of `JobHandle.events`. */
export interface HandleEventsOptions {
  /** When it aborts, the iteration ends without an error. The job goes on. */
  signal?: AbortSignal | undefined
  /** The `id` of an event: you get only what came after it. Default: everything, from the first chunk of output on. */
  after?: string | undefined
}

/**
 * The job API for your own code. It does what the routes do, typed by the definition, for the jobs of all owners.
 * It throws the errors of the HTTP contract, with `code` and `statusCode`, so your own route may let them through.
 */
export interface JobHandle<Definition extends JobDefinition> {
  /**
   * Stores a new job.
   * @throws `INPUT_INVALID` if the input does not match its schema, `OPTION_INVALID`, `IDEMPOTENCY_KEY_REUSED`,
   * `QUEUE_FULL`, `STORE_UNAVAILABLE`
   */
  submit (input: InputOf<Definition>, options?: HandleSubmitOptions): Promise<Job>
  /**
   * Reads the job as it is now.
   * @throws `JOB_NOT_FOUND`, `JOB_EXPIRED`, `JOB_UNREADABLE`, `STORE_UNAVAILABLE`
   */
  status (jobId: string): Promise<Job>
  /**
   * Reads the output of a completed job.
   * @throws what `status` throws, `JOB_NOT_FINISHED`, `JOB_FAILED`, `JOB_CANCELED`
   */
  result (jobId: string): Promise<OutputOf<Definition>>
  /**
   * Waits until the job is completed, and resolves with its output.
   * @throws what `result` throws, but `JOB_NOT_FINISHED` only after the `timeout`. `SERVICE_CLOSING` if the app closes
   * meanwhile
   */
  wait (jobId: string, options?: HandleWaitOptions): Promise<OutputOf<Definition>>
  /**
   * Yields the job as it is, then every change and every chunk of its output, until the job is final. Slow reading
   * costs no memory: you get changes that you have not read yet as one.
   * @throws in the iteration, what `status` throws, and `SERVICE_CLOSING`
   */
  events (jobId: string, options?: HandleEventsOptions): AsyncIterableIterator<JobEvent>
  /**
   * Cancels a job. It is final at once. If it runs, its `signal` aborts.
   * @throws what `status` throws, and `JOB_ALREADY_FINISHED` if the job ended otherwise
   */
  cancel (jobId: string): Promise<Job>
  /** The BullMQ queue, for bull-board, metrics and the like. Do not close it: the plugin does. */
  readonly queue: JobQueue<Definition>
}

/** `app.jobs`: returns the handle of a job that is registered in this Fastify instance or in one that encloses it. */
export interface JobsLookup {
  /** @throws `JOB_NOT_REGISTERED` */
  <Definition extends JobDefinition>(definition: Definition): JobHandle<Definition>
}
