import { createRedisBackend, withBackend, type Queue } from 'bullmq'
import type { Cluster, Redis } from 'ioredis'
import type { RedisClient, RedisConnectionOptions } from '../../../types/options.js'
import { EVENTS_KEPT, type Engine, type EngineLog } from '../engine.js'
import { loadPeer } from '../load-peer.js'
import { redisCommands } from './commands.js'
import { readerOf } from '../event-source.js'
import { openLargeReads } from '../large-reads.js'
import { startLoopTimer } from '../loop-timer.js'
import { keepOlderJobs } from '../own-retention.js'
import { limitBlocking, markOutputs, onCopy } from './bullmq-internals.js'
import { limitCommands } from './deadline.js'
import { hearInfo } from './info.js'
import { cut } from './ioredis-internals.js'
import { redisProbe } from './probe.js'
import { isInterrupted } from './reconnection.js'
import { watchOutages } from './outages.js'
import { BLOCKING_SILENCE, LONGEST_BLOCK, SILENCE, watchSilence } from './silence.js'
import { clusterOptions, COMMAND_OPTIONS, WORKER_OPTIONS, type ClientOptions } from './options.js'
import { CHECKED } from './replies.js'

const bull = withBackend(createRedisBackend)

/**
 * BullMQ's classes for our workers. Their backend marks the outputs that it stores, and blocks no longer than its
 * connection may be silent.
 */
const bullOfWorker = withBackend((...given: Parameters<typeof createRedisBackend>) => {
  const backend = createRedisBackend(...given)
  markOutputs(backend, CHECKED)
  limitBlocking(backend, LONGEST_BLOCK)
  return backend
})

/**
 * Opens the engine for Redis or Valkey, through ioredis. If Redis is away, the engine opens without it after
 * `CONNECT_PATIENCE` ms.
 * @throws `PEER_MISSING`
 */
export async function openRedis (connection: string | RedisConnectionOptions | RedisClient, log: EngineLog): Promise<Engine> {
  const { Redis } = await loadPeer('ioredis', () => import('ioredis'))
  const create = (options: ClientOptions): Redis | Cluster => {
    if (typeof connection === 'string') return new Redis(connection, options)
    if (isCluster(connection)) return connection.duplicate([], clusterOptions(options))
    if (isSingle(connection)) return connection.duplicate(options)
    return new Redis({ ...connection, ...options })
  }
  const hear = hearInfo(log)
  const connect = (options: ClientOptions, silence = SILENCE): Redis | Cluster => {
    const client = create(options)
    hear(client)
    watchSilence(client, silence)
    return client
  }

  const client = connect(COMMAND_OPTIONS)
  limitCommands(client)
  // A Redis Cluster keeps all keys of a queue on one node only if they share a hash tag.
  const prefix = isCluster(client) ? '{bull}' : 'bull'
  const outages = watchOutages(client, redisProbe(client, prefix), log)
  await withPatience(outages.known)
  const queues = new Map<string, Queue>()
  const commands = redisCommands(client, prefix)
  const largeReads = openLargeReads(() => {
    const own = connect(WORKER_OPTIONS)
    own.on('error', ignoreOutage)
    return { commands: redisCommands(own, prefix), close: () => { cut(own) } }
  }, commands.now)
  let closed = false

  return {
    kind: 'redis',
    get available () { return !closed && client.status === 'ready' && !outages.refused && !outages.silent },
    noteFailure: outages.note,
    ready: outages.ready,
    wasInterrupted: isInterrupted,

    openQueue (name) {
      const open = queues.get(name)
      if (open !== undefined) return open
      const queue = new bull.Queue(name, { connection: client, prefix, streams: { events: { maxLen: EVENTS_KEPT } } })
      queue.on('error', ignoreOutage)
      queues.set(name, queue)
      // A queue that lost Redis while it started stays broken for good. Forget it: the next call opens another.
      queue.waitUntilReady().catch(() => { queues.delete(name) })
      return queue
    },

    openWorker (name, processor, options, outcomes) {
      const own = connect(WORKER_OPTIONS)
      own.on('error', ignoreOutage)
      const copies: Array<Redis | Cluster> = []
      onCopy(own, copy => {
        hear(copy)
        watchSilence(copy, BLOCKING_SILENCE)
        copies.push(copy)
      })
      const worker = new bullOfWorker.Worker(name, processor, { ...options, prefix, connection: own })
      keepOlderJobs(worker.getBackend())
      outcomes?.keep(worker.getBackend())
      const { report, readJob, now } = redisCommands(own, prefix)
      return {
        worker,
        report,
        readJob,
        now,
        disconnect: () => { for (const client of [own, ...copies]) cut(client) }
      }
    },

    openEvents (queueName, onReconnect) {
      const own = connect(WORKER_OPTIONS, BLOCKING_SILENCE)
      own.on('error', ignoreOutage)
      own.once('ready', () => { own.on('ready', onReconnect) })
      const options = { connection: own, prefix }
      return {
        // `readerOf` opens another backend after a failure: one that lost Redis while it started stays broken for good.
        read: readerOf(() => createRedisBackend(queueName, options)),
        close: async () => { cut(own) }
      }
    },

    ...commands,
    readLogs: largeReads.readLogs,
    readOutput: largeReads.readOutput,

    async close () {
      closed = true
      outages.close()
      await largeReads.close()
      // Closing a queue waits for its start, which never ends while Redis is away.
      if (client.status === 'ready') await Promise.all([...queues.values()].map(queue => queue.close()))
      client.disconnect()
    }
  }
}

function isCluster (connection: object): connection is Cluster {
  return 'isCluster' in connection && connection.isCluster === true
}

function isSingle (connection: object): connection is Redis {
  return 'isCluster' in connection && connection.isCluster === false
}

/** How long the start waits for Redis, in ms. Then the service starts without it. */
const CONNECT_PATIENCE = 2_000

/**
 * Waits until it is known whether Redis can be used, for at most `CONNECT_PATIENCE` ms. The first request then finds
 * Redis ready, or a service that answers 503.
 */
async function withPatience (known: Promise<void>): Promise<void> {
  await new Promise<void>(resolve => {
    const stop = startLoopTimer(CONNECT_PATIENCE, resolve)
    void known.then(() => {
      stop()
      resolve()
    })
  })
}

/** The client for commands, on the same Redis, reports outages. */
function ignoreOutage (): void {}
