import type { InputOf, JobDefinition, OutputOf } from './definition.js'
import type { Job } from './job.js'

/** What `createJobsClient` takes beside the address. */
export interface JobsClientOptions {
  /**
   * Sends the requests; for cookies of another origin: `(url, init) => fetch(url, { ...init, credentials: 'include' })`.
   * Pass its `init.signal` on. Default: the `fetch` of the platform.
   */
  fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined
  /**
   * Headers of every request, such as `authorization`. A function is asked before each request, repeated
   * ones included, so its tokens may be short-lived; what it throws reaches the caller as it is. Default none.
   */
  headers?: Record<string, string> | (() => Record<string, string> | Promise<Record<string, string>>) | undefined
  /** When requests are repeated. */
  retry?: RetryOptions | undefined
}

/**
 * Requests about a job are repeated after network errors and after answers 429, 502, 503 and 504.
 * Submissions are repeated only where the answer tells that nothing was stored: 429, and 503 `QUEUE_FULL`.
 * In between passes what `Retry-After` demands, plus a random time that grows with each repetition.
 */
export interface RetryOptions {
  /** How often one request is sent at most, in all. Each answer begins a new count. Default 8. */
  attempts?: number
  /** The upper bound of the random wait before the first repetition, in ms; doubled before each further one. Default 500. */
  minDelay?: number
  /** What the random wait never exceeds, in ms. Default 10,000. */
  maxDelay?: number
  /** How long a status request may take before it counts as a network error, in ms. Default 30,000. */
  statusTimeout?: number
}

/** What every call takes. */
export interface CallOptions {
  /** Ends the call: it rejects at once with the signal's `reason`. The job itself goes on. */
  signal?: AbortSignal | undefined
}

/** What calls take that last until the job is final. */
export interface WaitOptions extends CallOptions {
  /** How long the whole call may take, in ms, from now; then it rejects with a `WaitTimeoutError`. The job itself goes on. Default: as long as it takes. */
  timeout?: number | undefined
  /**
   * Called with the job as it is known at first, and whenever it changed; with the final job, too.
   * What it throws ends the call.
   */
  onProgress?: ((job: Job) => void) | undefined
}

/** A job on the server. Keep its `id` to pick it up again later: `jobs.job(id)`. */
export interface ClientJob<Output> {
  readonly id: string
  /**
   * The job as it is now.
   * @throws `JobNotFoundError`, `RequestFailedError`, `NetworkError`
   */
  status (options?: CallOptions): Promise<Job>
  /**
   * The output of a completed job.
   * @throws as `status` does, and `JobFailedError`, `JobCanceledError`; for a job that is not final
   * a `RequestFailedError` whose `problem.code` is `JOB_NOT_FINISHED`
   */
  result (options?: CallOptions): Promise<Output>
  /**
   * The output, once the job is completed.
   * @throws as `status` does, and `JobFailedError`, `JobCanceledError`, `WaitTimeoutError`
   */
  wait (options?: WaitOptions): Promise<Output>
}

/** A client of one job API, typed by its definition. */
export interface JobsClient<Definition extends JobDefinition> {
  /**
   * Submits an input and resolves with the output.
   * @throws as `submit` and `ClientJob.wait` do
   */
  run (input: InputOf<Definition>, options?: WaitOptions): Promise<OutputOf<Definition>>
  /**
   * Submits an input; resolves as soon as the job is stored.
   * @throws `InputInvalidError`, `RequestFailedError`, `NetworkError`; after the last, whether the
   * job was stored is not known
   */
  submit (input: InputOf<Definition>, options?: CallOptions): Promise<ClientJob<OutputOf<Definition>>>
  /** Picks up a job by its id. Sends nothing yet. */
  job (id: string): ClientJob<OutputOf<Definition>>
}
