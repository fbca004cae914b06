import { withBackend, type PgPool, type PgPoolClient, type Queue, type Worker } from 'bullmq'
import type { PostgresPool as UserPool } from '../../../types/options.js'
import { ServiceClosingError } from '../../base/errors.js'
import { EVENTS_KEPT, type Engine, type EngineLog } from '../engine.js'
import { openLargeReads } from '../large-reads.js'
import { keepOlderJobs } from '../own-retention.js'
import { loadPeer } from '../load-peer.js'
import { backendAfter } from './bullmq-internals.js'
import { OUR_WORKER, postgresCommands } from './commands.js'
import { connectWith, type Limits } from './connect.js'
import { readPostgresEvents } from './events.js'
import { isInterrupted, isOfConnection, watchPostgres, type PostgresOutages } from './outages.js'
import { PostgresPool } from './pool.js'
import { checkNotifications, prepareSchema } from './schema.js'

/** For commands: how long a request waits. */
const COMMAND_LIMITS: Limits = { connectionTimeoutMillis: 900, query_timeout: 900 }

/** For workers, event readers and large reads. */
const WORKER_LIMITS: Limits = { connectionTimeoutMillis: 2_000, query_timeout: 5_000 }

/** For the first connection to a database, which may have to create the schema. */
const START_LIMITS: Limits = { connectionTimeoutMillis: 2_000, query_timeout: 60_000 }

/**
 * Opens the engine for PostgreSQL, through BullMQ's own backend. It opens even if PostgreSQL is away, and then waits
 * for it.
 * @throws `PEER_MISSING`, `SCHEMA_RIGHTS`, `POOLER`
 */
export async function openPostgres (connection: string | UserPool, schema: string, log: EngineLog): Promise<Engine> {
  const { default: pg } = await loadPeer('pg', () => import('pg'))
  const connect = connectWith(pg, connection, schema)
  const pools = new Set<PostgresPool>()
  const start = startOnce()

  const look = async (limits: Limits): Promise<void> => {
    const client = await connect.client(limits)
    try {
      if (start.done) {
        await client.query('SELECT 1')
      } else {
        await checkNotifications(client, () => connect.client(limits))
        await prepareSchema(client, schema)
        start.succeed()
      }
    } finally {
      client.release()
    }
  }

  const away = await look(START_LIMITS).then(() => undefined, (error: unknown) => {
    if (isOfConnection(error)) return error
    throw error
  })
  const outages: PostgresOutages = watchPostgres(
    () => look(start.done ? COMMAND_LIMITS : START_LIMITS), () => { for (const pool of pools) pool.renew() }, log, away)
  const openPool = (limits: Limits): PostgresPool => {
    const pool = new PostgresPool(connect, limits, outages.note)
    pools.add(pool)
    return pool
  }

  const engine = postgresEngine('postgres', {
    pool: openPool(COMMAND_LIMITS),
    openOwnPool: () => openPool(WORKER_LIMITS),
    started: start.started,
    outages
  })
  return {
    ...engine,
    get available () { return outages.available },
    wasInterrupted: isInterrupted,
    async close () {
      outages.close()
      start.fail()
      await engine.close()
      await Promise.all([...pools].map(pool => pool.end()))
    }
  }
}

/** The first time that PostgreSQL was reached and has all that jobs need. */
interface Start {
  readonly started: Promise<void>
  readonly done: boolean
  succeed (): void
  /** Rejects `started` if it is still open, because the service closes. */
  fail (): void
}

function startOnce (): Start {
  let done = false
  let succeed = (): void => {}
  let fail = (): void => {}
  const started = new Promise<void>((resolve, reject) => {
    succeed = resolve
    fail = () => { reject(new ServiceClosingError()) }
  })
  // Without a handler, a rejection that nobody awaits would end the process.
  started.catch(() => {})
  return {
    started,
    get done () { return done },
    succeed () {
      done = true
      succeed()
    },
    fail
  }
}

/** What an engine needs from its PostgreSQL. */
export interface Database {
  pool: PgPool
  /** Opens a pool for one worker or reader, with longer limits. */
  openOwnPool (): PgPool
  /** Resolves when the database has all that jobs need. */
  started: Promise<void>
  outages: Pick<PostgresOutages, 'note'>
}

/** Makes an engine over anything with the interface of a `pg` pool. */
export function postgresEngine (kind: 'postgres' | 'embedded', { pool, openOwnPool, started, outages }: Database): Engine {
  const bull = withBackend(backendAfter(started))
  const queues = new Map<string, Queue>()
  const commands = postgresCommands(pool)
  const largeReads = openLargeReads(() => {
    const own = openOwnPool()
    return { commands: postgresCommands(own), close: () => own.end() }
  }, commands.now)
  return {
    kind,
    available: true,
    noteFailure: outages.note,
    // A pool opens connections as it needs them, and reports the ones that broke.
    ready: async () => {},
    wasInterrupted: () => false,

    openQueue (name) {
      const open = queues.get(name)
      if (open !== undefined) return open
      // BullMQ's types tie a queue and a worker to their backend. Callers use only what all backends share.
      const queue = new bull.Queue(name, { connection: pool, streams: { events: { maxLen: EVENTS_KEPT } } }) as unknown as Queue
      // The caller gets the error. Without a listener, BullMQ would print it, and with it the client and its settings.
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
      return { worker, report, readJob, now, disconnect: () => { void own.end() } }
    },

    openEvents (queueName) {
      const own = openOwnPool()
      const events = readPostgresEvents(queueName, async (): Promise<PgPoolClient> => {
        await started
        return await own.connect()
      })
      return {
        read: events.read,
        async close () {
          await events.close()
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
