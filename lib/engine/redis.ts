import { createRedisBackend, withBackend, type Queue } from 'bullmq'
import type { Cluster, ClusterOptions, Redis, RedisOptions } from 'ioredis'
import type { RedisClient, RedisConnectionOptions } from '../../types/options.js'
import { withoutCommand } from '../errors.js'
import { EVENTS_KEPT, type Engine, type EngineLog } from './engine.js'
import { loadPeer } from './load-peer.js'
import { redisCommands } from './redis-commands.js'
import { readerOf } from './event-source.js'

const bull = withBackend(createRedisBackend)

/** How long a command may take, in ms: what a request waits at most for a Redis that is frozen. */
const COMMAND_TIMEOUT = 900

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
const COMMAND_OPTIONS = {
  lazyConnect: false,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  commandTimeout: COMMAND_TIMEOUT,
  connectTimeout: 2_000,
  maxLoadingRetryTime: LOADING_RETRY,
  retryStrategy: reconnectDelay,
  reconnectOnError: error => isReadOnly(error) && RECONNECT
} satisfies RedisOptions

/** Workers wait for Redis as long as it takes (BullMQ demands null retries of a blocking client). */
const WORKER_OPTIONS = {
  lazyConnect: false,
  enableOfflineQueue: true,
  maxRetriesPerRequest: null,
  connectTimeout: 2_000,
  maxLoadingRetryTime: LOADING_RETRY,
  retryStrategy: reconnectDelay,
  reconnectOnError: error => isReadOnly(error) && RECONNECT_AND_RESEND
} satisfies RedisOptions

/** The nodes of a cluster are the cluster's to connect: only it must not queue, and their commands must end in time. */
function clusterOptions ({ enableOfflineQueue, retryStrategy, lazyConnect, ...redisOptions }: typeof COMMAND_OPTIONS | typeof WORKER_OPTIONS): ClusterOptions {
  return { enableOfflineQueue, lazyConnect, clusterRetryStrategy: retryStrategy, redisOptions }
}

function reconnectDelay (attempt: number): number {
  return Math.min(attempt * 100, 1_000)
}

/** Redis or Valkey through ioredis: what production runs on. */
export async function openRedis (connection: string | RedisConnectionOptions | RedisClient, log: EngineLog): Promise<Engine> {
  const { Redis } = await loadPeer('ioredis', () => import('ioredis'))
  const connect = (options: typeof COMMAND_OPTIONS | typeof WORKER_OPTIONS): Redis | Cluster => {
    if (typeof connection === 'string') return new Redis(connection, options)
    if (isCluster(connection)) return connection.duplicate([], clusterOptions(options))
    if (isSingle(connection)) return connection.duplicate(options)
    return new Redis({ ...connection, ...options })
  }

  const client = connect(COMMAND_OPTIONS)
  reportOutages(client, log)
  await firstConnect(client)
  // A Redis Cluster keeps all keys of a queue on one node only under a hash tag.
  const prefix = isCluster(client) ? '{bull}' : 'bull'
  const queues = new Map<string, Queue>()
  let closed = false

  return {
    kind: 'redis',
    get available () { return !closed && client.status === 'ready' },

    openQueue (name) {
      const open = queues.get(name)
      if (open !== undefined) return open
      const queue = new bull.Queue(name, { connection: client, prefix, streams: { events: { maxLen: EVENTS_KEPT } } })
      queue.on('error', ignoreOutage)
      queues.set(name, queue)
      // One that Redis left at its start stays broken for good: the next call opens another.
      queue.waitUntilReady().catch(() => { queues.delete(name) })
      return queue
    },

    openWorker (name, processor, options) {
      const own = connect(WORKER_OPTIONS)
      own.on('error', ignoreOutage)
      const copies = watchCopies(own)
      const worker = new bull.Worker(name, processor, { ...options, prefix, connection: own })
      const { report, now } = redisCommands(own, prefix)
      return {
        worker,
        report,
        now,
        disconnect: () => { for (const client of [own, ...copies]) cut(client) }
      }
    },

    openEvents (queueName, onReconnect) {
      const own = connect(WORKER_OPTIONS)
      own.on('error', ignoreOutage)
      own.once('ready', () => { own.on('ready', onReconnect) })
      const options = { connection: own, prefix }
      return {
        // As the queue does: one that Redis left at its start stays broken for good.
        read: readerOf(() => createRedisBackend(queueName, options)),
        close: async () => { cut(own) }
      }
    },

    ...redisCommands(client, prefix),

    async close () {
      closed = true
      // BullMQ waits for its initialization, which an absent Redis never finishes.
      if (client.status === 'ready') await Promise.all([...queues.values()].map(queue => queue.close()))
      client.disconnect()
    }
  }
}

/** The copies of a client that will be made: BullMQ blocks on one, and shows it to nobody. */
function watchCopies (client: Redis | Cluster): Array<Redis | Cluster> {
  const copies: Array<Redis | Cluster> = []
  const duplicate = client.duplicate.bind(client) as (...args: unknown[]) => Redis | Cluster
  client.duplicate = ((...args: unknown[]) => {
    const copy = duplicate(...args)
    copies.push(copy)
    return copy
  }) as typeof client.duplicate & never
  return copies
}

/**
 * Ends a client at once. One that is between two attempts to connect ioredis would leave as it is, and
 * BullMQ would wait for its end and for the commands that it has queued. One that has not begun to
 * connect, as this is then told to be, it ends.
 */
function cut (client: Redis | Cluster): void {
  if (client.status === 'reconnecting') client.status = 'wait'
  client.disconnect()
}

function isCluster (connection: object): connection is Cluster {
  return 'isCluster' in connection && connection.isCluster === true
}

function isSingle (connection: object): connection is Redis {
  return 'isCluster' in connection && connection.isCluster === false
}

/** How long the start waits for Redis, in ms, before the service boots without it. */
const CONNECT_PATIENCE = 2_000

/** So that the first request finds Redis ready; or, where it cannot be reached, a service that answers 503. */
async function firstConnect (client: Redis | Cluster): Promise<void> {
  await new Promise<void>(resolve => {
    const settle = (): void => {
      clearTimeout(timer)
      client.off('ready', settle)
      client.off('error', settle)
      resolve()
    }
    const timer = setTimeout(settle, CONNECT_PATIENCE)
    client.on('ready', settle)
    client.on('error', settle)
  })
}

/** One line when Redis goes, one when it is back; not one for each attempt to reconnect. */
function reportOutages (client: Redis | Cluster, log: EngineLog): void {
  let away = false
  client.on('error', (error: Error) => {
    if (away) return
    away = true
    log.warn({ err: withoutCommand(error) }, 'Redis is unreachable: no job is accepted, shown or worked on until it is back')
  })
  client.on('ready', () => {
    if (away) log.info({}, 'Redis is back')
    away = false
  })
}

/** The command client, on the same Redis, reports outages. */
function ignoreOutage (): void {}
