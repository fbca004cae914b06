import { createPostgresBackend, DEFAULT_SCHEMA, runMigrations, withBackend, type PgPool, type Queue, type Worker } from 'bullmq'
import type { PostgresPool } from '../../types/options.js'
import type { Pool } from 'pg'
import type { StoredJob, StoredJobOptions, StoredState } from '../stored-job.js'
import type { Engine, EngineLog } from './engine.js'
import { loadPeer } from './load-peer.js'

const bull = withBackend(createPostgresBackend)

/** How long a statement and the wait for a connection may take, in ms. */
const COMMAND_TIMEOUT = 900

/**
 * One row by its primary key; the output crosses the wire only where it is asked for. An active job
 * whose lock has run out has lost its worker, and somebody else's job may wait for its children.
 */
const READ_JOB = `
SELECT CASE WHEN state = 'waiting-children' OR (state = 'active' AND locked_until_ms <= $4) THEN 'waiting' ELSE state::text END AS state,
       added_at_ms, process_at_ms, processed_at_ms, finished_at_ms, attempts_made, opts, progress, failed_reason,
       CASE WHEN $3 THEN return_value END AS return_value
  FROM ${DEFAULT_SCHEMA}.job WHERE queue = $1 AND id = $2`

type Millis = string | number | null

interface JobRow {
  state: StoredState
  added_at_ms: string | number
  process_at_ms: Millis
  processed_at_ms: Millis
  finished_at_ms: Millis
  attempts_made: number
  opts: StoredJobOptions
  progress: unknown
  failed_reason: string | null
  return_value: unknown
}

/** PostgreSQL through BullMQ's own backend. */
export async function openPostgres (connection: string | PostgresPool, log: EngineLog): Promise<Engine> {
  const { default: pg } = await loadPeer('pg', () => import('pg'))
  const settings = typeof connection === 'string' ? { connectionString: connection } : copyOptions(connection)
  const open = (limits: object): Pool => {
    const pool = new pg.Pool({ ...settings, ...limits, options: `-c search_path=${DEFAULT_SCHEMA}` })
    // Every queue of the service listens to its errors.
    pool.setMaxListeners(0)
    pool.on('error', error => log.warn({ err: error }, 'PostgreSQL closed an idle connection'))
    return pool
  }
  const commands = open({ connectionTimeoutMillis: COMMAND_TIMEOUT, query_timeout: COMMAND_TIMEOUT })
  const migrating = await commands.connect()
  await runMigrations(migrating, DEFAULT_SCHEMA).finally(() => { migrating.release() })
  return postgresEngine('postgres', asPgPool(commands), () => asPgPool(open({})))
}

/**
 * The engine over anything that looks like a pool.
 * @param openWorkerPool a pool for one worker, which waits as long as it takes
 */
export function postgresEngine (kind: 'postgres' | 'embedded', pool: PgPool, openWorkerPool: () => PgPool): Engine {
  const queues = new Map<string, Queue>()
  return {
    kind,
    available: true,

    openQueue (name) {
      // BullMQ's types tie a queue to its backend; callers use only what all backends share.
      const queue = queues.get(name) ?? new bull.Queue(name, { connection: pool }) as unknown as Queue
      queues.set(name, queue)
      return queue
    },

    openWorker (name, processor, options) {
      const own = openWorkerPool()
      const worker = new bull.Worker(name, processor, { ...options, connection: own }) as unknown as Worker
      return { worker, disconnect: () => { void own.end() } }
    },

    async readJob (queueName, jobId, withOutput) {
      const { rows } = await pool.query<JobRow>(READ_JOB, [queueName, jobId, withOutput, Date.now()])
      return rows[0] && toStoredJob(rows[0])
    },

    async close () {
      await Promise.all([...queues.values()].map(queue => queue.close()))
      await pool.end()
    }
  }
}

/** A real pool is one by BullMQ's own account; only the overloads of `on` are typed differently. */
function asPgPool (pool: Pool): PgPool {
  return pool as unknown as PgPool
}

function toStoredJob (row: JobRow): StoredJob {
  return {
    state: row.state,
    timestamp: Number(row.added_at_ms),
    delayedUntil: row.state === 'delayed' ? optionalNumber(row.process_at_ms) : undefined,
    processedOn: optionalNumber(row.processed_at_ms),
    finishedOn: optionalNumber(row.finished_at_ms),
    attemptsMade: row.attempts_made,
    opts: row.opts,
    progress: row.progress ?? 0,
    failedReason: row.failed_reason ?? undefined,
    output: row.return_value
  }
}

function optionalNumber (value: Millis): number | undefined {
  return value === null ? undefined : Number(value)
}

/** A pool hides its password from enumeration, so that it does not end in logs. */
function copyOptions (pool: PostgresPool): object {
  const { password } = pool.options as { password?: unknown }
  return password === undefined ? { ...pool.options } : { ...pool.options, password }
}
