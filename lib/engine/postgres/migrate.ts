import { DEFAULT_SCHEMA } from 'bullmq'
import { loadPeer } from '../load-peer.js'
import { connectWith } from './connect.js'
import { prepareSchema } from './schema.js'

const LIMITS = { connectionTimeoutMillis: 10_000, query_timeout: 600_000 }

/**
 * Brings a schema of a PostgreSQL database to the version that this package needs, and creates the schema if it is
 * missing.
 * @param schema default `bullmq`
 * @throws `SCHEMA_RIGHTS` if the role has no right to do that
 */
export async function migrate (url: string, schema = DEFAULT_SCHEMA): Promise<void> {
  const { default: pg } = await loadPeer('pg', () => import('pg'))
  const client = await connectWith(pg, url, schema).client(LIMITS)
  await prepareSchema(client, schema).finally(() => { client.release() })
}

/**
 * The text that an administrator gets for an error. If a host has several addresses and all of them failed, the error
 * has a code but no message.
 */
export function reasonOf (error: unknown): string {
  const { message, code } = error as { message: string, code?: unknown }
  return message === '' ? String(code) : message
}
