import type { FastifyRequest } from 'fastify'
import type { InputOf, JobDefinition } from './definition.js'
import type { Connection, JobOptions, WorkerOptions } from './options.js'
import type { Processor } from './processor.js'

/** Options of `app.register(asyncJobs, …)`, beside Fastify's own `prefix`. */
export interface AsyncJobsOptions<Definition extends JobDefinition = JobDefinition> {
  /** The job, made by `defineJob`. */
  job: Definition
  /**
   * Where the jobs are stored. Default: the embedded engine in memory, with a warning. If `NODE_ENV` is `production`,
   * there is no default, and registration throws `EMBEDDED_IN_PRODUCTION`.
   */
  connection?: Connection | undefined
  /**
   * The schema of PostgreSQL that holds the jobs: letters, digits and underscores. Services with different schemas can
   * share a database. The engine makes the schema if it is missing. Only with a connection to PostgreSQL.
   * Default `bullmq`.
   */
  schema?: string | undefined
  /**
   * Runs the jobs in this process. It is a function, or the URL or absolute path of a module whose default export is
   * one. A module runs sandboxed. Default: none, so this process only submits jobs.
   */
  processor?: Processor<Definition> | URL | string | undefined
  /** How the processor runs. Only with `processor`. */
  worker?: WorkerOptions | undefined
  /**
   * Returns the options of a job that is submitted over HTTP: a shorter deadline, for example, or a priority for paying
   * customers. The plugin calls it for each submission. An error that it throws goes to your app's own error handler.
   * So does the error for an option that is wrong.
   */
  jobOptions?: ((request: FastifyRequest, input: InputOf<Definition>) => JobOptions | undefined | Promise<JobOptions | undefined>) | undefined
  /**
   * How long a request may wait for a job at most (`Prefer: wait=N`, `?wait=N`), in seconds. Default 50: many proxies
   * give up after 60.
   */
  maxWait?: number | undefined
  /** How many jobs one WebSocket may watch at the same time. Default 1,000. */
  maxSubscriptions?: number | undefined
  /**
   * Returns the owner of a request's jobs: the id of a user or tenant, not empty. With `owner`, only the submitter can
   * see a job. Everybody else gets the same 404 as for an unknown id. Default: whoever has the id of a job may use it.
   *
   * The plugin calls it once per request, after all hooks that run before the handler, and once per WebSocket
   * subscription. An error that it throws goes to your app's own error handler. During a subscription, an error with
   * `statusCode` 401 or 403 closes the WebSocket.
   */
  owner?: ((request: FastifyRequest) => string | Promise<string>) | undefined
  /**
   * How many event streams, WebSockets and waiting requests one owner may have open in this process at the same time.
   * Further requests get 429 `TOO_MANY_CONNECTIONS`, and further WebSockets are closed with 1013. Default 1,000.
   * Without `owner` there is no limit.
   */
  maxConnections?: number | undefined
  /**
   * The origins whose pages may open a WebSocket, such as `https://app.example.com`. Pages of other origins get 403
   * `ORIGIN_NOT_ALLOWED`. Use it because browsers apply no CORS to WebSockets. Clients that are no browsers send no
   * origin, and may always connect. Default: any origin.
   */
  allowedOrigins?: readonly string[] | undefined
  /**
   * How many jobs may be `pending`, whoever submitted them. A full queue answers submissions with 503 `QUEUE_FULL`, and
   * with a `Retry-After` from the rate at which it drains. Several processes that accept jobs at the same moment may
   * exceed the limit. Default: no limit.
   */
  maxPending?: number | undefined
  /** `false` registers no routes, only the worker and the handle, whose jobs have no `links`. Default `true`. */
  routes?: boolean | undefined
  /**
   * `false` leaves out `GET /socket`: the plugin opens no WebSocket and does not touch the upgrades of the server.
   * Default `true`.
   */
  websocket?: boolean | undefined
  /**
   * `problem` answers errors of this package as `application/problem+json`. `host` hands them to your app's own error
   * handler. Default `problem`.
   */
  errors?: 'problem' | 'host' | undefined
  /**
   * The prefix of every path in `Location` and `links`, for apps behind a proxy: `https://api.example.com` or
   * `/gateway`. Default: none.
   */
  publicUrl?: string | undefined
  /** The bounds of `pollAfterMs` and `Retry-After`. Between them, clients wait a tenth of the job's age. */
  pollAfter?: {
    /** The least, in ms. Default 1,000. */
    min?: number | undefined
    /** The most, in ms. Default 10,000. */
    max?: number | undefined
  } | undefined
}
