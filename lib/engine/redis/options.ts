import type { ClusterOptions, RedisOptions } from 'ioredis'

/* How our clients connect, and how long they wait. */

/** How long a Redis may take to agree to the end of a connection, in ms: one that is frozen does not. */
const DISCONNECT_TIMEOUT = 250

/** How often a Redis that loads its data is asked whether it is done, in ms: its own guess may be far too long. */
const LOADING_RETRY = 500

/** How long a Sentinel may take to answer, in ms: the next one is asked then. */
const SENTINEL_TIMEOUT = 1_000

/** How long a node of a cluster may take, in ms, longer than any read blocks: one that is gone may leave its connection open. */
const NODE_TIMEOUT = 15_000

/** What ioredis takes `reconnectOnError` to say. */
const RECONNECT = 1
const RECONNECT_AND_RESEND = 2

/**
 * What a Redis says that has become a replica. In a failover connections to the old master may stay open: only a
 * new one leads to the new master.
 */
function isReadOnly ({ message }: Error): boolean {
  return message.includes('READONLY')
}

/**
 * What a client of the host's may have otherwise, and what with us changes answers, breaks reads that block, or keeps
 * a connection from coming back: for each client of ours.
 */
const OURS = {
  lazyConnect: false,
  stringNumbers: false,
  replyMapping: 'legacy',
  // Ours does not count how long this process stands still; reads that block take as long as they are to.
  commandTimeout: undefined,
  socketTimeout: undefined,
  blockingTimeout: undefined,
  enableAutoPipelining: false,
  enableReadyCheck: true,
  autoResendUnfulfilledCommands: true,
  autoResubscribe: false,
  readOnly: false,
  monitor: false,
  connectTimeout: 2_000,
  disconnectTimeout: DISCONNECT_TIMEOUT,
  sentinelCommandTimeout: SENTINEL_TIMEOUT,
  sentinelRetryStrategy: reconnectDelay,
  maxLoadingRetryTime: LOADING_RETRY,
  retryStrategy: reconnectDelay
} satisfies RedisOptions

/**
 * The client for commands fails fast. An absent Redis must not hold requests back, so nothing is
 * queued for it, and what was on its way when the connection broke is not sent again: the caller
 * was told 503 by then and may repeat the request.
 */
export const COMMAND_OPTIONS = {
  ...OURS,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  reconnectOnError: error => isReadOnly(error) && RECONNECT
} satisfies RedisOptions

/** Workers wait for Redis as long as it takes (BullMQ demands null retries of a blocking client). */
export const WORKER_OPTIONS = {
  ...OURS,
  enableOfflineQueue: true,
  maxRetriesPerRequest: null,
  reconnectOnError: error => isReadOnly(error) && RECONNECT_AND_RESEND
} satisfies RedisOptions

export type ClientOptions = typeof COMMAND_OPTIONS | typeof WORKER_OPTIONS

/**
 * The nodes of a cluster are the cluster's to connect, and only it must not queue. What it is asked goes to masters:
 * a replica may not have it yet, and refuses scripts.
 */
export function clusterOptions ({ enableOfflineQueue, retryStrategy, lazyConnect, enableReadyCheck, enableAutoPipelining, ...redisOptions }: ClientOptions): ClusterOptions {
  return {
    enableOfflineQueue,
    lazyConnect,
    enableReadyCheck,
    enableAutoPipelining,
    scaleReads: 'master',
    clusterRetryStrategy: retryStrategy,
    redisOptions: { ...redisOptions, commandTimeout: NODE_TIMEOUT }
  }
}

function reconnectDelay (attempt: number): number {
  return Math.min(attempt * 100, 1_000)
}
