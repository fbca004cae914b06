import type { InputOf, JobDefinition, OutputOf } from './definition.js'
import type { Job, JobEvent, JobOutput } from './job.js'

/**
 * How the client follows a job:
 * - `sse`: Server-Sent Events
 * - `long-poll`: status requests that the server answers when the job changes or is final
 * - `poll`: status requests as often as the server allows
 * - `websocket`: one connection for many jobs
 */
export type Transport = 'sse' | 'long-poll' | 'poll' | 'websocket'

/** Options of `createJobsClient`. */
export interface JobsClientOptions {
  /**
   * Sends the requests. It must pass `init.signal` on. Default: the `fetch` of the platform.
   * To send cookies to another origin: `(url, init) => fetch(url, { ...init, credentials: 'include' })`.
   */
  fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined
  /**
   * Headers of every request, such as `authorization`. Default: none.
   * The client calls a function before each request and each repetition, so its tokens may be short-lived.
   * What the function throws, your call throws unchanged.
   * A WebSocket in a browser takes no headers. So `watch` uses requests if you pass `headers` or your own `fetch`.
   */
  headers?: Record<string, string> | (() => Record<string, string> | Promise<Record<string, string>>) | undefined
  /**
   * How the client follows one job. Default `auto`: it begins with `sse`. If something between client and server does
   * not let that through, it tries `long-poll`, then `poll`.
   */
  transport?: 'auto' | Exclude<Transport, 'websocket'> | undefined
  /** When the client repeats requests, and how often. */
  retry?: RetryOptions | undefined
  /**
   * Whether the client follows redirects to another origin and sends headers, key and input there. Default `false`:
   * such a redirect is a `RequestFailedError`. The client always follows redirects within an origin. In browsers, it
   * can do so only if that is the origin of the page.
   */
  followRedirects?: boolean | undefined
}

/**
 * When the client repeats requests, and how often. It repeats a request after:
 * - a network error
 * - an answer 408, 425, 429, 502, 503, 504, 520 to 526 or 530
 * - a 500 that is no problem of this API, but comes from something between client and server, such as a proxy
 *
 * Before each repetition it waits as long as `Retry-After` demands, plus a random time that grows with each repetition.
 * A repeated submission has the same `Idempotency-Key`, so the server stores the job once.
 */
export interface RetryOptions {
  /**
   * How often the client sends one request at most, the first time included. Each success begins a new count. Default
   * 8.
   */
  attempts?: number
  /**
   * Upper bound of the random wait before the first repetition, in ms. It doubles with each repetition. Default 500.
   */
  minDelay?: number
  /** The random wait never exceeds this, in ms. Default 10,000. */
  maxDelay?: number
  /**
   * How long a status or cancel request may take before it counts as a network error, in ms. The time for which a long
   * poll asks the server to wait comes on top. Default 30,000. Submissions and requests for the result have no limit.
   */
  statusTimeout?: number
}

/** Options of every call. */
export interface CallOptions {
  /**
   * When it aborts, the call rejects at once with the signal's `reason` and sends nothing more, save the cancel of
   * `run`.
   */
  signal?: AbortSignal | undefined
}

/** Options of calls that follow a job. */
export interface FollowOptions extends CallOptions {
  /** The client calls it with the transport in use: at first, and whenever the transport changes. */
  onTransport?: ((transport: Transport) => void) | undefined
}

/** Options of calls that last until the job is final. */
export interface WaitOptions extends FollowOptions {
  /**
   * How long the whole call may take, in ms, from the call on. After that it rejects with a `WaitTimeoutError`, and the
   * job itself goes on. Default: no limit.
   */
  timeout?: number | undefined
  /**
   * The client calls it with the job as it knows it at first, and after every change, up to the final one.
   * What it throws ends the call. If it returns a promise, the client awaits that before the next call.
   */
  onProgress?: ((job: Job) => void | Promise<void>) | undefined
  /**
   * The client calls it with every chunk of partial output, in order.
   * What it throws ends the call. If it returns a promise, the client awaits that before the next call.
   * If the client has to poll, the chunks come when the job is final. If the route of events cannot be reached at all,
   * no chunks come.
   */
  onOutput?: ((output: JobOutput) => void | Promise<void>) | undefined
}

/** Options of `run`. */
export interface RunOptions extends WaitOptions {
  /** Whether the client cancels the job when `signal` aborts. Default `true`. */
  cancelOnAbort?: boolean | undefined
}

/** Options of `events`. */
export interface EventsOptions extends FollowOptions {
  /** The `id` of an event: you get only what came after it. Default: everything, from the first chunk of output on. */
  after?: string | undefined
}

/** A job on the server. Keep its `id` to pick it up again later: `jobs.job(id)`. Iterate over it to get its events. */
export interface ClientJob<Output> extends AsyncIterable<JobEvent> {
  /** The `jobId` on the server. */
  readonly id: string
  /**
   * Asks for the job as it is now.
   * @throws `JobNotFoundError`, `RequestFailedError`, `NetworkError`, and, before it sends anything,
   * `OptionInvalidError`
   */
  status (options?: CallOptions): Promise<Job>
  /**
   * Asks for the output of a completed job. If the job may still run, use `wait`.
   * @throws what `status` throws, `JobFailedError`, `JobCanceledError`, and `JobNotFinishedError` if the job is not
   * final
   */
  result (options?: CallOptions): Promise<Output>
  /**
   * Waits until the job is completed, and resolves with its output.
   * @throws what `status` throws, `JobFailedError`, `JobCanceledError`, `WaitTimeoutError`
   */
  wait (options?: WaitOptions): Promise<Output>
  /**
   * Cancels the job.
   * @throws what `status` throws. If the job ended otherwise, that is a `RequestFailedError` whose `problem.code` is
   * `JOB_ALREADY_FINISHED`
   */
  cancel (options?: CallOptions): Promise<Job>
  /**
   * Yields the job as it is, then every change and every chunk of its output, until the job is final.
   * @throws in the iteration, what `status` throws
   */
  events (options?: EventsOptions): AsyncIterableIterator<JobEvent>
}

/** What `watch` yields: the events of its jobs, and an `error` for each job that cannot be watched. */
export type WatchEvent = JobEvent | { type: 'error', jobId: string, error: Error }

/** A client of one job API, typed by its definition. */
export interface JobsClient<Definition extends JobDefinition> {
  /**
   * Submits an input, waits for the job, and resolves with the output. When `signal` aborts, it cancels the job.
   * @throws what `submit` and `ClientJob.wait` throw
   */
  run (input: InputOf<Definition>, options?: RunOptions): Promise<OutputOf<Definition>>
  /**
   * Submits an input. Resolves as soon as the server has stored the job.
   * @throws `InputInvalidError`, `RequestFailedError`, `NetworkError`. After a `NetworkError`, the server may or may
   * not have stored the job
   */
  submit (input: InputOf<Definition>, options?: CallOptions): Promise<ClientJob<OutputOf<Definition>>>
  /** Picks up a job by its id, for example after a reload or in another process. Sends nothing yet. */
  job (id: string): ClientJob<OutputOf<Definition>>
  /**
   * Follows many jobs at once: over one WebSocket if possible, else by requests. Ends when all jobs are final.
   * If a job cannot be watched, its last event is an `error` that says why.
   * @throws `RequestFailedError` if the server allows fewer jobs at a time, `NetworkError`
   */
  watch (ids: Iterable<string>, options?: FollowOptions): AsyncIterableIterator<WatchEvent>
}
