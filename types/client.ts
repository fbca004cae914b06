import type { InputOf, JobDefinition, OutputOf } from './definition.js'
import type { Job, JobEvent, JobOutput } from './job.js'

/**
 * How a job is followed. `sse`: Server-Sent Events. `long-poll`: requests that are answered when the job is
 * final, and at its changes. `poll`: requests as often as the server allows. `websocket`: one connection for many jobs.
 */
export type Transport = 'sse' | 'long-poll' | 'poll' | 'websocket'

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
   * A WebSocket takes none in browsers: where there are headers, or a `fetch` of your own, `watch` uses requests.
   */
  headers?: Record<string, string> | (() => Record<string, string> | Promise<Record<string, string>>) | undefined
  /**
   * How one job is followed. Default `auto`: `sse`, and where something between here and the server does not
   * let that through, `long-poll`, then `poll`.
   */
  transport?: 'auto' | Exclude<Transport, 'websocket'> | undefined
  /** When requests are repeated. */
  retry?: RetryOptions | undefined
  /**
   * Whether redirects to another origin are followed, with headers, key and input. Default `false`: such an answer is a
   * `RequestFailedError`. Redirects within an origin are followed; in browsers, only where that is the origin of the page.
   */
  followRedirects?: boolean | undefined
}

/**
 * Requests are repeated after network errors and after answers 429, 502, 503 and 504, and after 408, 425, 500, 520 to
 * 526 and 530 that are no problem of this API, but of something in between; submissions with the same
 * `Idempotency-Key`, so that the job is stored once. In between passes what `Retry-After` demands, plus a random
 * time that grows with each repetition.
 */
export interface RetryOptions {
  /** How often one request is sent at most, in all. Each answer begins a new count. Default 8. */
  attempts?: number
  /** The upper bound of the random wait before the first repetition, in ms; doubled before each further one. Default 500. */
  minDelay?: number
  /** What the random wait never exceeds, in ms. Default 10,000. */
  maxDelay?: number
  /** How long a request about a job may take before it counts as a network error, in ms, beyond what it asks to wait. Default 30,000. */
  statusTimeout?: number
}

/** What every call takes. */
export interface CallOptions {
  /** Ends the call: it rejects at once with the signal's `reason`, and sends nothing more. */
  signal?: AbortSignal | undefined
}

/** What calls take that follow a job. */
export interface FollowOptions extends CallOptions {
  /** Called with the way in use, at first and whenever it changes. */
  onTransport?: ((transport: Transport) => void) | undefined
}

/** What calls take that last until the job is final. */
export interface WaitOptions extends FollowOptions {
  /** How long the whole call may take, in ms, from now; then it rejects with a `WaitTimeoutError`. The job itself goes on. Default: as long as it takes. */
  timeout?: number | undefined
  /**
   * Called with the job as it is known at first, and whenever it changed; with the final job, too.
   * What it throws ends the call; a promise is awaited before it is called again.
   */
  onProgress?: ((job: Job) => void | Promise<void>) | undefined
  /**
   * Called with every chunk of partial output, in order. What it throws ends the call; a promise is awaited
   * before it is called again. Where polls take the place of streams, it comes when the job is final; where no stream of
   * events gets through at all, there is none.
   */
  onOutput?: ((output: JobOutput) => void | Promise<void>) | undefined
}

/** What `run` takes. */
export interface RunOptions extends WaitOptions {
  /** Whether the job is canceled when `signal` aborts. Default `true`. */
  cancelOnAbort?: boolean | undefined
}

/** What `events` takes. */
export interface EventsOptions extends FollowOptions {
  /** The `id` of an event: only what came after it is told. Default: from the first chunk of output. */
  after?: string | undefined
}

/** A job on the server. Keep its `id` to pick it up again later: `jobs.job(id)`. To iterate over it tells its events. */
export interface ClientJob<Output> extends AsyncIterable<JobEvent> {
  /** The `jobId` on the server. */
  readonly id: string
  /**
   * The job as it is now.
   * @throws `JobNotFoundError`, `RequestFailedError`, `NetworkError`; as every call does, `OptionInvalidError`, before anything is sent
   */
  status (options?: CallOptions): Promise<Job>
  /**
   * The output of a completed job.
   * @throws as `status` does, and `JobFailedError`, `JobCanceledError`, and `JobNotFinishedError` for a job that is not
   * final: `wait` waits for it
   */
  result (options?: CallOptions): Promise<Output>
  /**
   * The output, once the job is completed.
   * @throws as `status` does, and `JobFailedError`, `JobCanceledError`, `WaitTimeoutError`
   */
  wait (options?: WaitOptions): Promise<Output>
  /**
   * Cancels the job.
   * @throws as `status` does; for a job that ended otherwise a `RequestFailedError` whose `problem.code` is `JOB_ALREADY_FINISHED`
   */
  cancel (options?: CallOptions): Promise<Job>
  /**
   * The job as it is, then every change and every chunk of its output, until it is final.
   * @throws in the iteration, as `status` does
   */
  events (options?: EventsOptions): AsyncIterableIterator<JobEvent>
}

/** What `watch` tells: the events of its jobs, and what keeps one from being watched. */
export type WatchEvent = JobEvent | { type: 'error', jobId: string, error: Error }

/** A client of one job API, typed by its definition. */
export interface JobsClient<Definition extends JobDefinition> {
  /**
   * Submits an input and resolves with the output. An abort of its `signal` cancels the job.
   * @throws as `submit` and `ClientJob.wait` do
   */
  run (input: InputOf<Definition>, options?: RunOptions): Promise<OutputOf<Definition>>
  /**
   * Submits an input; resolves as soon as the job is stored.
   * @throws `InputInvalidError`, `RequestFailedError`, `NetworkError`; after the last, whether the
   * job was stored is not known
   */
  submit (input: InputOf<Definition>, options?: CallOptions): Promise<ClientJob<OutputOf<Definition>>>
  /** Picks up a job by its id, after a reload or in another process. Sends nothing yet. */
  job (id: string): ClientJob<OutputOf<Definition>>
  /**
   * Follows many jobs at once, over one WebSocket where there is one. Ends when all are final. What keeps
   * one of them from being watched is told as its last event.
   * @throws `RequestFailedError` where the server allows fewer jobs at a time, `NetworkError`
   */
  watch (ids: Iterable<string>, options?: FollowOptions): AsyncIterableIterator<WatchEvent>
}
