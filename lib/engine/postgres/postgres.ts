import { PostgresConnection, PostgresQueueBackend, withBackend, type BackendFactory, type PgPool, type PgPoolClient, type Queue, type Worker } from 'bullmq'
import type { PostgresPool as UserPool } from '../../../types/options.js'
import { ServiceClosingError } from '../../base/errors.js'
import { EVENTS_KEPT, type Engine, type EngineLog } from '../engine.js'
import { openLargeReads } from '../large-reads.js'
import { keepOlderJobs } from '../own-retention.js'
import { loadPeer } from '../load-peer.js'
import { OUR_WORKER, postgresCommands } from './commands.js'
import { connectWith, type Limits } from './connect.js'
import { readPostgresEvents } from './events.js'
import { isInterrupted, isOfConnection, watchPostgres, type PostgresOutages } from './outages.js'
import { PostgresPool } from './pool.js'
import { checkNotifications, prepareSchema } from './schema.js'

/** For commands: what a request waits, in ms. */
const COMMAND_LIMITS: Limits = { connectionTimeoutMillis: 900, query_timeout: 900 }

/** For workers, readers and their large statements. */
const WORKER_LIMITS: Limits = { connectionTimeoutMillis: 2_000, query_timeout: 5_000 }

/** For the first look at a database, and for making what it lacks. */
const START_LIMITS: Limits = { connectionTimeoutMillis: 2_000, query_timeout: 60_000 }

/** PostgreSQL through BullMQ's own backend. One that is away is waited for: the engine opens all the same. */
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

interface Start {
  readonly started: Promise<void>
  readonly done: boolean
  succeed (): void
  /** Nobody waits for it any more. */
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
  // Where nobody waits for it, it is no error.
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

/** What an engine needs of its PostgreSQL. */
export interface Database {
  pool: PgPool
  /** A pool for one worker or reader, which waits as long as it takes. */
  openOwnPool (): PgPool
  /** Resolves when there is all that jobs need. */
  started: Promise<void>
  outages: Pick<PostgresOutages, 'note'>
}

/** The engine over anything that looks like a pool. */
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
    // A pool makes connections as it needs them, and tells what broke.
    ready: async () => {},
    wasInterrupted: () => false,

    openQueue (name) {
      const open = queues.get(name)
      if (open !== undefined) return open
      // BullMQ's types tie a queue to its backend; callers use only what all backends share.
      const queue = new bull.Queue(name, { connection: pool, streams: { events: { maxLen: EVENTS_KEPT } } }) as unknown as Queue
      // Who asked is told. Without a listener, BullMQ prints the error, and with it the client and its settings.
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

/**
 * BullMQ's backend, which does not look for itself whether the schema is there: where that look fails, it is broken for
 * good, and a worker over it takes no job, ever.
 */
function backendAfter (started: Promise<void>): BackendFactory<PostgresQueueBackend, PgPool> {
  class StartedConnection extends PostgresConnection {
    override waitUntilReady (): Promise<void> { return started }
  }
  return (name, options, { withBlockingConnection = false } = {}) => new PostgresQueueBackend(
    new StartedConnection(options.connection), name, options, true,
    // By which BullMQ knows workers.
    withBlockingConnection ? `${name}:w:${OUR_WORKER}` : undefined)
}
