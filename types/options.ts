import type { JobLogger } from './processor.js'

/**
 * Where the jobs are stored. This also chooses the engine:
 * - a `redis://` or `rediss://` URL, ioredis options, or an ioredis `Redis` or `Cluster`: Redis or Valkey
 * - a `postgres://` or `postgresql://` URL, or a `pg.Pool`: PostgreSQL
 * - `memory:` or `file:./directory`: the embedded engine in this process, for development and tests
 *
 * A client that you pass stays yours. The engine copies its settings, runs no blocking commands on it, and does not
 * close it.
 */
export type Connection = string | RedisConnectionOptions | RedisClient | PostgresPool

/*
 * ioredis and pg are optional peers, so the types here may not import theirs. Where a peer is missing, its types would
 * be `any`, and any connection would compile. So these interfaces name the members that the package uses.
 */

/** Options of ioredis. If you need others than these, pass a client. */
export interface RedisConnectionOptions {
  /** Name or address of the server. */
  host?: string | undefined
  /** Port of the server. */
  port?: number | undefined
  /** Path of a Unix socket. */
  path?: string | undefined
  /** Version of IP: 4 or 6. */
  family?: number | undefined
  /** Name of the ACL user. */
  username?: string | undefined
  /** Password of the user, or of the server. */
  password?: string | undefined
  /** Number of the database. */
  db?: number | undefined
  /** Options of Node's `tls.connect`. An empty object turns TLS on. */
  tls?: object | undefined
  /** Name of the connections in `CLIENT LIST`. */
  connectionName?: string | undefined
  /** Addresses of the Sentinels. They know the address of the master. */
  sentinels?: Array<{ host?: string | undefined, port?: number | undefined }> | undefined
  /** Name of the master among the sentinels. */
  name?: string | undefined
  /** Name of the ACL user at the Sentinels. */
  sentinelUsername?: string | undefined
  /** Password at the Sentinels. */
  sentinelPassword?: string | undefined
}

/** An ioredis `Redis` or `Cluster`. */
export interface RedisClient {
  readonly status: string
  readonly options: object
  readonly isCluster: boolean
  readonly duplicate: (...args: never) => unknown
  readonly defineCommand: (...args: never) => unknown
}

/** A `pg.Pool`. */
export interface PostgresPool {
  readonly options: object
  readonly totalCount: number
  readonly query: (...args: never) => unknown
}

/** How processors run. */
export interface WorkerOptions {
  /** How many jobs run at the same time in this process. Default 1. */
  concurrency?: number | undefined
  /** Where a processor that you pass as a module runs: in a thread (default) or in a process of its own. */
  sandbox?: 'thread' | 'process' | undefined
  /** How long a worker may be silent before another one takes over its jobs, in ms. Default 30,000. */
  lockDuration?: number | undefined
  /** How often a job may lose its worker before it fails with `STALLED`. Default 1. */
  maxStalledCount?: number | undefined
  /**
   * How long running jobs may go on when the worker closes, in ms. After that their signals abort.
   * 2,000 ms later the worker leaves the jobs that still run to another worker. Default 10,000.
   */
  closeTimeout?: number | undefined
}

/** Options of a single job. `timeout` and `startBy` default to those of the definition. */
export interface JobOptions {
  /** How long one attempt may run, in ms, from its start. */
  timeout?: number | undefined
  /** How long the job may wait for its first attempt, in seconds, from its submission or the end of its delay. */
  startBy?: number | undefined
  /**
   * BullMQ's priority, up to 2,097,152: 1 runs before 2. Default 0: the job runs before all jobs that have a priority,
   * in the order of submission.
   */
  priority?: number | undefined
  /** How long the job waits at least before its first attempt, in ms, from its submission. Default 0. */
  delay?: number | undefined
}

/** Options of `createWorker`. */
export interface CreateWorkerOptions extends WorkerOptions {
  /** Where the jobs are stored. It cannot be `memory:`, because that store lives inside one app. */
  connection: Connection
  /** The schema of PostgreSQL that holds the jobs. Pass the same one as in the service. Default `bullmq`. */
  schema?: string | undefined
  /** A pino logger, or one with the same methods. Default: the console. */
  log?: JobLogger | undefined
}

/** A worker that `createWorker` started. */
export interface JobWorker {
  /**
   * Resolves once the worker takes jobs, or is closed. Rejects if the engine cannot be opened, or if the processor's
   * module cannot be loaded (`PROCESSOR_MODULE`).
   */
  ready (): Promise<void>
  /**
   * Closes the worker. It takes no further jobs, lets running ones finish for `closeTimeout`, and closes its
   * connections. Resolves in bounded time, also while the store is unreachable. A second call returns the same promise.
   */
  close (): Promise<void>
}
