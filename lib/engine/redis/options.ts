import type { ClusterOptions, RedisOptions } from 'ioredis'

/* How our clients connect, and how long they wait. */

/** How long a Redis may take to confirm the end of a connection, in ms. A frozen one never does. */
const DISCONNECT_TIMEOUT = 250

/**
 * How long to wait at most before a Redis that loads its data is asked again whether it is ready, in ms. Its own
 * estimate may be far too long.
 */
const LOADING_RETRY = 500

/** How long a Sentinel may take to answer, in ms. Then the next one is asked. */
const SENTINEL_TIMEOUT = 1_000

/**
 * How long a node of a cluster may take to answer, in ms: longer than any blocking read. A node that is gone may leave
 * its connection open.
 */
const NODE_TIMEOUT = 15_000

/** The values that ioredis accepts from `reconnectOnError`. */
const RECONNECT = 1
const RECONNECT_AND_RESEND = 2

/**
 * Whether an error says that Redis has become a replica. After a failover, connections to the old master may stay open.
 * Only a new connection leads to the new master.
 */
function isReadOnly ({ message }: Error): boolean {
  return message.includes('READONLY')
}

/**
 * Options that all our clients set, because the host's client may have others. Those would change answers, break
 * blocking reads, or keep a connection from coming back.
 */
const OURS = {
  lazyConnect: false,
  stringNumbers: false,
  replyMapping: 'legacy',
  // `limitCommands` has a timeout that does not count pauses of this process. Blocking reads take as long as they
  // should.
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
 * Options of the client for commands, which fails fast: an absent Redis must not hold up requests. Nothing is queued,
 * and a command that was under way when the connection broke is not sent again. The caller got a 503 by then, and may
 * repeat the request.
 */
export const COMMAND_OPTIONS = {
  ...OURS,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  reconnectOnError: error => isReadOnly(error) && RECONNECT
} satisfies RedisOptions

/**
 * Options of workers' clients, which wait for Redis as long as it takes. BullMQ demands `maxRetriesPerRequest: null`
 * from a blocking client.
 */
export const WORKER_OPTIONS = {
  ...OURS,
  enableOfflineQueue: true,
  maxRetriesPerRequest: null,
  reconnectOnError: error => isReadOnly(error) && RECONNECT_AND_RESEND
} satisfies RedisOptions

export type ClientOptions = typeof COMMAND_OPTIONS | typeof WORKER_OPTIONS

/**
 * Distributes the options between a cluster and its nodes. The cluster connects its nodes, and only the cluster must
 * not queue commands. All commands go to masters: a replica may not have the latest state, and refuses scripts.
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
