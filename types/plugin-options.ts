import type { FastifyRequest } from 'fastify'
import type { InputOf, JobDefinition } from './definition.js'
import type { Connection, JobOptions, WorkerOptions } from './options.js'
import type { Processor } from './processor.js'

/** What `app.register(asyncJobs, …)` takes, beside Fastify's own `prefix`. */
export interface AsyncJobsOptions<Definition extends JobDefinition = JobDefinition> {
  /** The job, made by `defineJob`. */
  job: Definition
  /** Default: the embedded engine in memory, with a warning; an error where `NODE_ENV` is `production`. */
  connection?: Connection | undefined
  /**
   * The schema of PostgreSQL in which the jobs are, so that services can share a database: letters, digits and
   * underscores. It is made where it is missing. Only with a connection to PostgreSQL. Default `bullmq`.
   */
  schema?: string | undefined
  /** Runs the jobs in this process: a function, or the URL or absolute path of a module whose default export is one and which then runs sandboxed. Omitted: this process only produces. */
  processor?: Processor<Definition> | URL | string | undefined
  /** How the processor runs. Only with `processor`. */
  worker?: WorkerOptions | undefined
  /**
   * Options of each job that is submitted over HTTP, from the request: a shorter deadline, or a priority for
   * those who pay. What it throws is the host's own error; an option that is wrong is one, too.
   */
  jobOptions?: ((request: FastifyRequest, input: InputOf<Definition>) => JobOptions | undefined | Promise<JobOptions | undefined>) | undefined
  /** How long a request may wait for a job at most (`Prefer: wait=N`, `?wait=N`), in seconds. Default 50: many proxies give up after 60. */
  maxWait?: number | undefined
  /** How many jobs one WebSocket may watch at the same time. Default 1,000. */
  maxSubscriptions?: number | undefined
  /**
   * Whose a request's jobs are: a user's or tenant's id, not empty. Asked on each request, after all hooks that run
   * before the handler, and on each subscription over a WebSocket, where 401 and 403 close the socket. A job belongs to whoever submitted it; to anybody
   * else it does not exist. What it throws is the host's own error. Default: whoever has the id of a job may use it.
   */
  owner?: ((request: FastifyRequest) => string | Promise<string>) | undefined
  /**
   * How many event streams, WebSockets and waiting requests one owner may have open in this process at the same
   * time. More of them are answered 429 `TOO_MANY_CONNECTIONS`, WebSockets closed with 1013. Without `owner` there
   * is no limit. Default 1,000.
   */
  maxConnections?: number | undefined
  /**
   * The origins whose pages may open a WebSocket, such as `https://app.example.com`; pages of others get 403
   * `ORIGIN_NOT_ALLOWED`. Browsers apply no CORS to WebSockets. Clients that are no browsers send no origin, and are
   * let in. Default: any origin.
   */
  allowedOrigins?: readonly string[] | undefined
  /**
   * How many jobs may be `pending`, submitted by whomever. At that many, submissions get 503 `QUEUE_FULL`, with
   * `Retry-After` from the rate at which the queue drains. What several processes take in the same moment may
   * exceed it. Default: no limit.
   */
  maxPending?: number | undefined
  /** `false` registers no routes: only the handle, whose jobs have no `links`, and the worker. Default `true`. */
  routes?: boolean | undefined
  /** `false` leaves out `GET /socket`: no WebSocket is opened, and no upgrade of the server is looked at. Default `true`. */
  websocket?: boolean | undefined
  /** `host` hands our errors to the host's own error handler instead of answering with a problem. Default `problem`. */
  errors?: 'problem' | 'host' | undefined
  /** Put before every path in `Location` and `links`, for hosts behind a proxy: `https://api.example.com` or `/gateway`. Default none. */
  publicUrl?: string | undefined
  /** Bounds of `pollAfterMs` and `Retry-After`, which are a tenth of the job's age. */
  pollAfter?: {
    /** The least, in ms. Default 1,000. */
    min?: number | undefined
    /** The most, in ms. Default 10,000. */
    max?: number | undefined
  } | undefined
}
