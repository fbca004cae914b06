import type { Queue } from 'bullmq'
import type { InputOf, JobDefinition, OutputOf } from './definition.js'
import type { Job, JobEvent } from './job.js'
import type { JobOptions } from './options.js'

/** What the host's own submissions may have. */
export interface HandleSubmitOptions extends JobOptions {
  /** The same key, input and owner give the same job, as long as that is there. Any text. */
  idempotencyKey?: string | undefined
  /** Whose the job is, where the plugin has `owner`: that of a request, for example. Default: nobody's, so that only the host's own code sees it. */
  owner?: string | undefined
}

/** The BullMQ queue of a definition. An interface: declarations of those who export it can name it without BullMQ. */
export interface JobQueue<Definition extends JobDefinition> extends Queue<InputOf<Definition>, OutputOf<Definition>, Definition['name']> {}

/** What limits the wait for a job. */
export interface HandleWaitOptions {
  /** Ends the wait: it rejects with the signal's reason. The job goes on. */
  signal?: AbortSignal | undefined
  /** How long to wait, in ms, from now. Default: as long as it takes. */
  timeout?: number | undefined
}

/** What limits the watching of a job. */
export interface HandleEventsOptions {
  /** Ends the iteration, without an error. The job goes on. */
  signal?: AbortSignal | undefined
  /** The `id` of an event: only what came after it is told. Default: from the first chunk of output. */
  after?: string | undefined
}

/**
 * A job API from inside the host: what the routes do, typed by the definition, for all jobs, whosoever they are.
 * Errors are those of the HTTP contract, with `code` and `statusCode`, so a host's route may let them through.
 */
export interface JobHandle<Definition extends JobDefinition> {
  /**
   * Stores a new job.
   * @throws `INPUT_INVALID` where the input does not match its schema, `OPTION_INVALID`, `IDEMPOTENCY_KEY_REUSED`, `QUEUE_FULL`, `STORE_UNAVAILABLE`
   */
  submit (input: InputOf<Definition>, options?: HandleSubmitOptions): Promise<Job>
  /** @throws `JOB_NOT_FOUND`, `JOB_EXPIRED`, `JOB_UNREADABLE`, `STORE_UNAVAILABLE` */
  status (jobId: string): Promise<Job>
  /** @throws as `status` does, and `JOB_NOT_FINISHED`, `JOB_FAILED`, `JOB_CANCELED` */
  result (jobId: string): Promise<OutputOf<Definition>>
  /**
   * The output, once the job is completed.
   * @throws as `result` does, `JOB_NOT_FINISHED` only after the `timeout`; `SERVICE_CLOSING` where the host closes meanwhile
   */
  wait (jobId: string, options?: HandleWaitOptions): Promise<OutputOf<Definition>>
  /**
   * The job as it is, then every change and every chunk of its output, until it is final. To read it slowly costs
   * no memory: changes that were not read are told as one.
   * @throws in the iteration, as `status` does, and `SERVICE_CLOSING`
   */
  events (jobId: string, options?: HandleEventsOptions): AsyncIterableIterator<JobEvent>
  /**
   * Cancels a job: it is final at once. Where it runs, its `signal` aborts.
   * @throws as `status` does, and `JOB_ALREADY_FINISHED` for a job that ended otherwise
   */
  cancel (jobId: string): Promise<Job>
  /** The BullMQ queue, for bull-board, metrics and the like. Closing it is not yours to do. */
  readonly queue: JobQueue<Definition>
}

/** `app.jobs`: the handle of a job that was registered here or in an enclosing plugin. */
export interface JobsLookup {
  /** @throws `JOB_NOT_REGISTERED` */
  <Definition extends JobDefinition>(definition: Definition): JobHandle<Definition>
}
