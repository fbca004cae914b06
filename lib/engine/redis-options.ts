import type { ClusterOptions, RedisOptions } from 'ioredis'

/* How our clients connect, and how long they wait. */

/** How long a command may take, in ms: what a request waits at most for a Redis that is frozen. */
const COMMAND_TIMEOUT = 900

/** How long a Redis may take to agree to the end of a connection, in ms: one that is frozen does not. */
const DISCONNECT_TIMEOUT = 250

/** How often a Redis that loads its data is asked whether it is done, in ms: its own guess may be far too long. */
const LOADING_RETRY = 500

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
 * The client for commands fails fast. An absent Redis must not hold requests back, so nothing is
 * queued for it, and what was on its way when the connection broke is not sent again: the caller
 * was told 503 by then and may repeat the request.
 */
export const COMMAND_OPTIONS = {
  lazyConnect: false,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  commandTimeout: COMMAND_TIMEOUT,
  connectTimeout: 2_000,
  disconnectTimeout: DISCONNECT_TIMEOUT,
  maxLoadingRetryTime: LOADING_RETRY,
  retryStrategy: reconnectDelay,
  reconnectOnError: error => isReadOnly(error) && RECONNECT
} satisfies RedisOptions

/** Workers wait for Redis as long as it takes (BullMQ demands null retries of a blocking client). */
export const WORKER_OPTIONS = {
  lazyConnect: false,
  enableOfflineQueue: true,
  maxRetriesPerRequest: null,
  connectTimeout: 2_000,
  disconnectTimeout: DISCONNECT_TIMEOUT,
  maxLoadingRetryTime: LOADING_RETRY,
  retryStrategy: reconnectDelay,
  reconnectOnError: error => isReadOnly(error) && RECONNECT_AND_RESEND
} satisfies RedisOptions

export type ClientOptions = typeof COMMAND_OPTIONS | typeof WORKER_OPTIONS

/** The nodes of a cluster are the cluster's to connect: only it must not queue, and their commands must end in time. */
export function clusterOptions ({ enableOfflineQueue, retryStrategy, lazyConnect, ...redisOptions }: ClientOptions): ClusterOptions {
  return { enableOfflineQueue, lazyConnect, clusterRetryStrategy: retryStrategy, redisOptions }
}

function reconnectDelay (attempt: number): number {
  return Math.min(attempt * 100, 1_000)
}
