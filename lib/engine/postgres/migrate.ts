import { DEFAULT_SCHEMA } from 'bullmq'
import { loadPeer } from '../load-peer.js'
import { connectWith } from './connect.js'
import { prepareSchema } from './schema.js'

const LIMITS = { connectionTimeoutMillis: 10_000, query_timeout: 600_000 }

/**
 * Brings a schema of a PostgreSQL to the version that this package needs, and creates it where it is missing.
 * @throws `SCHEMA_RIGHTS` where the role may not
 */
export async function migrate (url: string, schema = DEFAULT_SCHEMA): Promise<void> {
  const { default: pg } = await loadPeer('pg', () => import('pg'))
  const client = await connectWith(pg, url, schema).client(LIMITS)
  await prepareSchema(client, schema).finally(() => { client.release() })
}

/** What an administrator is told of an error. One of several addresses that all failed has a code and no message. */
export function reasonOf (error: unknown): string {
  const { message, code } = error as { message: string, code?: unknown }
  return message === '' ? String(code) : message
}
