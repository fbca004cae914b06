import type { Queue } from 'bullmq'
import type { InputOf, JobDefinition, OutputOf } from './definition.js'
import type { Job } from './job.js'

/**
 * A job API from inside the host: what the routes do, typed by the definition. Errors are those
 * of the HTTP contract, with `code` and `statusCode`, so a host's route may let them through.
 */
export interface JobHandle<Definition extends JobDefinition> {
  /**
   * Stores a new job.
   * @throws `INPUT_INVALID` where the input does not match its schema, `STORE_UNAVAILABLE`
   */
  submit (input: InputOf<Definition>): Promise<Job>
  /** @throws `JOB_NOT_FOUND`, `JOB_EXPIRED`, `STORE_UNAVAILABLE` */
  status (jobId: string): Promise<Job>
  /** @throws as `status` does, and `JOB_NOT_FINISHED`, `JOB_FAILED`, `JOB_CANCELED` */
  result (jobId: string): Promise<OutputOf<Definition>>
  /** The BullMQ queue, for bull-board, metrics and the like. Closing it is not yours to do. */
  readonly queue: Queue<InputOf<Definition>, OutputOf<Definition>, Definition['name']>
}

/** `app.jobs`: the handle of a job that was registered here or in an enclosing plugin. */
export interface JobsLookup {
  /** @throws `JOB_NOT_REGISTERED` */
  <Definition extends JobDefinition>(definition: Definition): JobHandle<Definition>
}
