import { assertSchemaCompatibility, LATEST_SCHEMA_VERSION, runMigrations, SchemaMigrationRequiredError, type PgPoolClient } from 'bullmq'
import { PoolerError, SchemaRightsError } from '../../base/errors.js'
import type { PostgresClient } from './connect.js'

/* What a PostgreSQL database must have before jobs are stored in it. */

/** How long a notification may take, in ms. */
const NOTIFICATION_TIMEOUT = 2_000

/**
 * Brings a schema to the version that the installed BullMQ needs. If it has that version, the function changes nothing,
 * and needs no right to change anything.
 * @throws `SCHEMA_RIGHTS` if the role lacks a right to migrate the schema, or to use its tables
 */
export async function prepareSchema (client: PgPoolClient, schema: string): Promise<void> {
  try {
    if (await versionOf(client, schema) < LATEST_SCHEMA_VERSION) await runMigrations(client, schema)
    await checkRights(client, schema)
  } catch (error) {
    if ((error as { code?: unknown }).code !== FORBIDDEN) throw error
    throw Object.assign(new SchemaRightsError(schema, (error as Error).message), { cause: error })
  }
}

/** PostgreSQL's code for a missing right. */
const FORBIDDEN = '42501'

async function versionOf (client: PgPoolClient, schema: string): Promise<number> {
  try {
    return await assertSchemaCompatibility(client, schema)
  } catch (error) {
    if (error instanceof SchemaMigrationRequiredError) return 0
    throw error
  }
}

/** Finds the tables and sequences that jobs need and this role may not use. */
const MISSING_RIGHTS = `
SELECT relname AS name FROM pg_class
 WHERE relnamespace = to_regnamespace(quote_ident($1)) AND relname <> 'migration' AND NOT starts_with(relname, 'relay_')
   AND CASE relkind
         WHEN 'r' THEN NOT (has_table_privilege(oid, 'SELECT') AND has_table_privilege(oid, 'INSERT') AND has_table_privilege(oid, 'UPDATE') AND has_table_privilege(oid, 'DELETE'))
         WHEN 'S' THEN NOT has_sequence_privilege(oid, 'USAGE')
         ELSE false
       END
 ORDER BY name`

async function checkRights (client: PgPoolClient, schema: string): Promise<void> {
  const { rows } = await client.query<{ name: string }>(MISSING_RIGHTS, [schema])
  if (rows.length > 0) throw new SchemaRightsError(schema, `permission denied for ${rows.map(({ name }) => name).join(', ')}`)
}

/**
 * Checks that notifications arrive. They do not behind a pooler that gives the session to another client after each
 * transaction.
 * @throws `POOLER`
 */
export async function checkNotifications (client: PostgresClient, connect: () => Promise<PostgresClient>): Promise<void> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  // With the same process id on both sides, there is no pooler in between.
  if (rows[0]?.pid === client.processID) return
  const channel = `fastify_async_jobs_${Math.random().toString(36).slice(2)}`
  const arrived = new Promise<boolean>(resolve => {
    const timer = setTimeout(() => { resolve(false) }, NOTIFICATION_TIMEOUT)
    client.on('notification', () => {
      clearTimeout(timer)
      resolve(true)
    })
  })
  await client.query(`LISTEN ${channel}`)
  const other = await connect()
  await other.query('SELECT pg_notify($1, $2)', [channel, '']).finally(() => { other.release() })
  if (!await arrived) throw new PoolerError()
}
