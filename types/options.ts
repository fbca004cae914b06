import type { JobLogger } from './processor.js'

/**
 * Where the jobs are stored, which also chooses the engine:
 * - `redis://` or `rediss://` URL, ioredis options, an ioredis `Redis` or `Cluster`: Redis or Valkey
 * - `postgres://` or `postgresql://` URL, a `pg.Pool`: PostgreSQL
 * - `memory:` or `file:./directory`: embedded, in this process, for development and tests
 *
 * A client that you pass stays yours: its settings are copied, it is neither used for blocking nor closed.
 */
export type Connection = string | RedisConnectionOptions | RedisClient | PostgresPool

/*
 * The peers are optional, and so must be their types: where they are missing, theirs would be `any`,
 * and any connection would compile. So these are what is used of them.
 */

/** Options of ioredis. For others than these, pass a client. */
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
  /** Addresses of the Sentinels, which know the master. */
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
  /** Jobs that run at the same time in this process. Default 1. */
  concurrency?: number | undefined
  /** How a processor given as a module runs: a thread (default) or a process of its own. */
  sandbox?: 'thread' | 'process' | undefined
  /** How long a worker may be silent before another one takes over its jobs, in ms. Default 30,000. */
  lockDuration?: number | undefined
  /** How often a job may lose its worker before it fails with `STALLED`. Default 1. */
  maxStalledCount?: number | undefined
  /**
   * When closing: how long running jobs may go on, in ms. Then their signals abort;
   * what still runs 2,000 ms later is left to another worker. Default 10,000.
   */
  closeTimeout?: number | undefined
}

/** What one job may have of its own. Each default is the definition's. */
export interface JobOptions {
  /** How long one attempt may run, in ms. */
  timeout?: number | undefined
  /** How long the job may wait for its first attempt, in seconds, from its submission or the end of its delay. */
  startBy?: number | undefined
  /** BullMQ's: 1 runs before 2, up to 2,097,152. Default 0: before all that have one, in the order of submission. */
  priority?: number | undefined
  /** How long the job waits at least before its first attempt, in ms. Default 0. */
  delay?: number | undefined
}

/** What `createWorker` takes. */
export interface CreateWorkerOptions extends WorkerOptions {
  /** Where the jobs are stored. `memory:` is no choice here: it lives inside one app. */
  connection: Connection
  /** The schema of PostgreSQL in which the jobs are, the same as the service's. Default `bullmq`. */
  schema?: string | undefined
  /** A pino logger or something like it. Default: the console. */
  log?: JobLogger | undefined
}

/** A worker in a process of its own. */
export interface JobWorker {
  /** Resolves once jobs are being taken, or the worker is closed. Rejects where the engine cannot be opened, or the processor's module not be loaded (`PROCESSOR_MODULE`). */
  ready (): Promise<void>
  /**
   * Takes no further jobs, lets running ones finish for `closeTimeout`, and lets go of its connections.
   * Resolves in bounded time, also while the store is unreachable. Calling it again returns the same promise.
   */
  close (): Promise<void>
}
