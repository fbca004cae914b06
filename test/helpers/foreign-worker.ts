import { createPostgresBackend, createRedisBackend, DEFAULT_SCHEMA, withBackend, type Processor } from 'bullmq'
import { Redis } from 'ioredis'
import pg from 'pg'
import type { Test } from 'tap'

/** BullMQ's own worker, as somebody else runs it: it knows no schema. Closed when the test ends. */
export async function foreignWorker (t: Test, connection: string, name: string, processor: Processor): Promise<void> {
  if (connection.startsWith('redis')) {
    const client = new Redis(connection, { maxRetriesPerRequest: null })
    const worker = new (withBackend(createRedisBackend).Worker)(name, processor, { connection: client })
    t.teardown(async () => { await worker.close(); client.disconnect() })
    return
  }
  const pool = new pg.Pool({ connectionString: connection, options: `-c search_path=${DEFAULT_SCHEMA}` })
  const worker = new (withBackend(createPostgresBackend).Worker)(name, processor as never, { connection: pool as never })
  t.teardown(async () => { await worker.close(); await pool.end() })
}
