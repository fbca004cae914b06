import { createPostgresBackend, DEFAULT_SCHEMA, runMigrations, withBackend, type PgPool, type PostgresQueueBackend, type Queue, type Worker } from 'bullmq'
import type { PostgresPool } from '../../types/options.js'
import type { Pool } from 'pg'
import { EVENTS_KEPT, type Engine, type EngineLog } from './engine.js'
import { readerOf } from './event-source.js'
import { openLargeReads } from './large-reads.js'
import { keepOlderJobs } from './own-retention.js'
import { loadPeer } from './load-peer.js'
import { OUR_WORKER, postgresCommands } from './postgres-commands.js'

const bull = withBackend(createPostgresBackend)

/** How long a statement and the wait for a connection may take, in ms. */
const COMMAND_TIMEOUT = 900

/** PostgreSQL through BullMQ's own backend. */
export async function openPostgres (connection: string | PostgresPool, log: EngineLog): Promise<Engine> {
  const { default: pg } = await loadPeer('pg', () => import('pg'))
  const settings = typeof connection === 'string' ? { connectionString: connection } : copyOptions(connection)
  const open = (limits: object): Pool => {
    const pool = new pg.Pool({ ...settings, ...limits, options: `-c search_path=${DEFAULT_SCHEMA}` })
    // Every queue of the service listens to its errors.
    pool.setMaxListeners(0)
    pool.on('error', error => {
      // With it comes the client, and its settings.
      Reflect.deleteProperty(error, 'client')
      log.warn({ err: error }, 'PostgreSQL closed an idle connection')
    })
    // Of one that is in use, the query that fails tells. Without a listener, its error would end the process.
    pool.on('connect', client => { client.on('error', () => {}) })
    return pool
  }
  const commands = open({ connectionTimeoutMillis: COMMAND_TIMEOUT, query_timeout: COMMAND_TIMEOUT })
  const migrating = await commands.connect()
  await runMigrations(migrating, DEFAULT_SCHEMA).finally(() => { migrating.release() })
  return postgresEngine('postgres', asPgPool(commands), () => asPgPool(open({})))
}

/**
 * How long a read waits for an event, in ms. Not longer: BullMQ begins to listen for one after it has looked,
 * and notifies only one of several writers that commit together (readEvents and publish_event of its backend).
 */
const EVENT_TIMEOUT = 500

/**
 * The engine over anything that looks like a pool.
 * @param openOwnPool a pool for one worker or reader, which waits as long as it takes
 */
export function postgresEngine (kind: 'postgres' | 'embedded', pool: PgPool, openOwnPool: () => PgPool): Engine {
  const queues = new Map<string, Queue>()
  const commands = postgresCommands(pool)
  const largeReads = openLargeReads(() => {
    const own = openOwnPool()
    return { commands: postgresCommands(own), close: () => own.end() }
  }, commands.now)
  return {
    kind,
    available: true,
    noteFailure: () => false,

    openQueue (name) {
      const open = queues.get(name)
      if (open !== undefined) return open
      // BullMQ's types tie a queue to its backend; callers use only what all backends share.
      const queue = new bull.Queue(name, { connection: pool, streams: { events: { maxLen: EVENTS_KEPT } } }) as unknown as Queue
      // The pool tells. Without a listener, BullMQ prints the error, and with it the client and its settings.
      queue.on('error', () => {})
      queues.set(name, queue)
      return queue
    },

    openWorker (name, processor, options, outcomes) {
      const own = openOwnPool()
      const worker = new bull.Worker(name, processor, { ...options, name: OUR_WORKER, connection: own }) as unknown as Worker
      keepOlderJobs(worker.getBackend())
      outcomes?.keep(worker.getBackend())
      const { report, readJob, now } = postgresCommands(own)
      let ended: Promise<void> | undefined
      return {
        worker,
        report,
        readJob,
        now,
        // A pool that is ended twice rejects.
        disconnect: () => { void (ended ??= own.end()) }
      }
    },

    openEvents (queueName) {
      const own = openOwnPool()
      const opened: PostgresQueueBackend[] = []
      return {
        read: readerOf(() => {
          const backend = createPostgresBackend(queueName, { connection: own }, { blocking: true })
          opened.push(backend)
          return backend
        }, EVENT_TIMEOUT),
        async close () {
          await Promise.all(opened.map(async backend => {
            await backend.disconnect()
            await backend.close()
          }))
          await own.end()
        }
      }
    },

    ...commands,
    readLogs: largeReads.readLogs,
    readOutput: largeReads.readOutput,

    async close () {
      await largeReads.close()
      await Promise.all([...queues.values()].map(queue => queue.close()))
      await pool.end()
    }
  }
}

/** A real pool is one by BullMQ's own account; only the overloads of `on` are typed differently. */
function asPgPool (pool: Pool): PgPool {
  return pool as unknown as PgPool
}

/** A pool hides its password from enumeration, so that it does not end in logs. */
function copyOptions (pool: PostgresPool): object {
  const { password } = pool.options as { password?: unknown }
  return password === undefined ? { ...pool.options } : { ...pool.options, password }
}
