import t from 'tap'
import pg from 'pg'
import { LATEST_SCHEMA_VERSION } from 'bullmq'
import { connectWith, type PostgresClient } from '../../../lib/engine/postgres/connect.js'
import { checkNotifications, prepareSchema } from '../../../lib/engine/postgres/schema.js'
import { postgresUrl } from '../../helpers/engines.js'
import { createDatabase } from '../../helpers/postgres-database.js'

const LIMITS = { connectionTimeoutMillis: 2_000, query_timeout: 60_000 }

t.test('makes what is missing, and needs no right where nothing is', async t => {
  const database = await createDatabase(t)
  const role = new URL(database.url).username
  const connect = connectWith(pg, database.url, 'mine')
  const as = async (): Promise<unknown> => {
    const client = await connect.client(LIMITS)
    return await prepareSchema(client, 'mine').finally(() => { client.release() })
  }
  await database.query(`REVOKE CREATE ON DATABASE ${role} FROM ${role}`)
  await database.alter('OWNER TO postgres')
  await t.rejects(as(), { code: 'SCHEMA_RIGHTS', message: /may not make or use the schema "mine": permission denied for database/ })

  const admin = new URL(database.url)
  admin.username = 'postgres'
  const client = await connectWith(pg, admin.href, 'mine').client(LIMITS)
  await prepareSchema(client, 'mine')
  t.match(await client.query('SELECT max(version) AS version FROM migration'), { rows: [{ version: LATEST_SCHEMA_VERSION }] })
  await prepareSchema(client, 'mine')
  client.release()

  await t.rejects(as(), { code: 'SCHEMA_RIGHTS', message: /permission denied for schema mine/ })
  await database.query(`GRANT USAGE ON SCHEMA mine TO ${role}; GRANT SELECT ON mine.migration TO ${role}`)
  await t.rejects(as(), { code: 'SCHEMA_RIGHTS', message: /permission denied for dedup, .*job, job_dependency, job_log, job_seq, meta,/ })
  await database.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA mine TO ${role}; GRANT USAGE ON ALL SEQUENCES IN SCHEMA mine TO ${role}`)
  await as()

  await database.query('UPDATE mine.migration SET min_client_version = 99')
  await t.rejects(as(), { name: 'SchemaVersionMismatchError' })
})

t.test('PostgreSQL itself hands no session to others', async t => {
  const connect = connectWith(pg, postgresUrl(), 'public')
  const client = await connect.client(LIMITS)
  await checkNotifications(client, async () => { throw new Error('no other connection is needed') })
  // A pooler says another number than the server.
  const pooled = { processID: -1, query: client.query.bind(client), on: client.on.bind(client) } as unknown as PostgresClient
  await checkNotifications(pooled, () => connect.client(LIMITS))
  client.release()
  t.pass('they arrive')
})
