import t from 'tap'
import pg from 'pg'
import { createWorker, defineJob, Type, type Connection } from '../../../lib/index.js'
import { leaseEngine } from '../../../lib/engine/index.js'
import { postgresUrl, silent, uniqueName } from '../../helpers/engines.js'
import { logLines } from '../../helpers/log-lines.js'
import { createDatabase } from '../../helpers/postgres-database.js'
import { eventually, startService } from '../../helpers/service.js'
import { findPgbouncer, startPgbouncer } from '../../../scripts/pgbouncer.mjs'
import { findPostgres, startPostgres } from '../../../scripts/postgres.mjs'

t.setTimeout(240_000)

t.test('takes a URL or a pool', async t => {
  const pool = new pg.Pool({ connectionString: postgresUrl() })
  t.teardown(() => pool.end())
  const { hostname, port, username, pathname } = new URL(postgresUrl())
  const withPassword = new pg.Pool({ host: hostname, port: Number(port), user: username, database: pathname.slice(1), password: 'not asked for' })
  t.teardown(() => withPassword.end())
  const connections: Record<string, Connection> = { 'a URL': postgresUrl(), 'a pool': pool, 'a pool with a password': withPassword }
  for (const [name, connection] of Object.entries(connections)) {
    const job = defineJob({ name: uniqueName(), input: Type.Object({ text: Type.String() }), output: Type.Object({ length: Type.Number() }) })
    const { app, submit, until, result } = await startService(t, { job, connection, processor: ({ text }) => ({ length: text.length }) })
    const { body: { jobId } } = await submit({ text: 'hello' })
    await until(jobId, 'completed')
    t.match(await result(jobId), { statusCode: 200, body: { length: 5 } }, name)
    await app.close()
  }
  t.match(await pool.query('SELECT 1 AS one'), { rows: [{ one: 1 }] }, 'a pool stays its owner\'s')
})

t.test('what the user has set stays: options in a URL and of a pool', async t => {
  const url = new URL(postgresUrl())
  url.searchParams.set('options', '-c statement_timeout=7000 -c application_name=mine')
  const pool = new pg.Pool({ connectionString: postgresUrl(), options: '-c statement_timeout=7000 -c application_name=mine' })
  t.teardown(() => pool.end())
  for (const connection of [url.href, pool]) {
    const job = defineJob({ name: uniqueName(), input: Type.Object({}), output: Type.Object({}) })
    const { app, submit, until } = await startService(t, { job, connection, processor: async () => ({}) })
    await until((await submit({})).body.jobId, 'completed')
    const { engine, release } = await leaseEngine(connection, {}, silent)
    const { rows } = await (engine.openQueue(job.name).getBackend() as unknown as { connection: { pool: pg.Pool } }).connection.pool.query("SELECT current_setting('statement_timeout') AS timeout, current_setting('application_name') AS name, current_schema AS schema")
    t.strictSame(rows, [{ timeout: '7s', name: 'mine', schema: 'bullmq' }])
    await release()
    await app.close()
  }
})

t.test('a pool of one connection is enough', async t => {
  const pool = new pg.Pool({ connectionString: postgresUrl(), max: 1 })
  t.teardown(() => pool.end())
  const job = defineJob({ name: uniqueName(), input: Type.Object({}), output: Type.Object({}) })
  const { app, submit, until } = await startService(t, { job, connection: pool, processor: async (_input, { progress }) => { await progress(1); return {} }, worker: { concurrency: 5 } })
  const jobs = await Promise.all(Array.from({ length: 10 }, () => submit({})))
  for (const { body: { jobId } } of jobs) await until(jobId, 'completed')
  const begin = performance.now()
  await app.close()
  t.ok(performance.now() - begin < 3_000, 'and closes')
})

t.test('two services share a database, each with a schema of its own', async t => {
  const database = await createDatabase(t)
  const job = defineJob({ name: 'same', input: Type.Object({}), output: Type.Object({ by: Type.String() }) })
  for (const schema of ['One', 'two_2']) {
    const { app, submit, status, until, result } = await startService(t, { job, connection: database.url, schema })
    const { body: { jobId } } = await submit({})
    const other = await startService(t, { job, connection: database.url, schema: 'other', processor: async () => ({ by: 'other' }) })
    t.equal((await other.status(jobId)).statusCode, 404)
    const worker = createWorker(job, async () => ({ by: schema }), { connection: database.url, schema, log: silent })
    await worker.ready()
    await until(jobId, 'completed')
    t.match(await result(jobId), { body: { by: schema } })
    t.match(await status(jobId), { body: { attempt: 1 } })
    t.match(await database.query(`SELECT count(*)::int AS jobs FROM "${schema}".job`), [{ jobs: 1 }])
    await worker.close()
    await Promise.all([app.close(), other.app.close()])
  }
})

t.test('a PostgreSQL that is away at the start is waited for', async t => {
  const server = await startPostgres(findPostgres() as string)
  const { port } = new URL(server.url)
  await server.stop()
  const log = logLines()
  const job = defineJob({ name: uniqueName(), input: Type.Object({}), output: Type.Object({}) })
  const { app, submit, until } = await startService(t, { job, connection: server.url, processor: async () => ({}) }, { logger: { level: 'warn', stream: log } })
  const begin = performance.now()
  t.match(await submit({}), { statusCode: 503, body: { code: 'STORE_UNAVAILABLE' } })
  t.ok(performance.now() - begin < 1_000)
  const worker = createWorker(job, async () => ({}), { connection: server.url, log: silent })
  t.teardown(() => worker.close())
  const again = await startPostgres(findPostgres() as string, Number(port))
  t.teardown(() => again.stop())
  const { body: { jobId } } = await eventually(() => submit({}), ({ statusCode }) => statusCode === 202)
  await until(jobId, 'completed')
  await worker.ready()
  await Promise.all([app.close(), worker.close()])
  t.strictSame(log.lines().map(({ msg }) => msg), ['PostgreSQL is unreachable: no job is accepted, shown or worked on until it is back'], 'told once')
})

t.test('closes while PostgreSQL is away', async t => {
  const { engine, release } = await leaseEngine('postgres://nobody:secret@127.0.0.1:1/nothing', {}, silent)
  t.notOk(engine.available)
  const { worker, disconnect } = engine.openWorker('jobs', async () => {}, { autorun: false })
  const events = engine.openEvents('jobs', () => {})
  const reading = events.read('0').catch(() => {})
  const begin = performance.now()
  const closing = worker.close(true)
  disconnect()
  await closing
  await events.close()
  await release()
  await reading
  t.ok(performance.now() - begin < 2_000)
})

t.test('behind PgBouncer', async t => {
  const start = async (mode: 'session' | 'transaction'): Promise<string> => {
    const pooler = await startPgbouncer(findPgbouncer() as string, postgresUrl(), mode)
    t.teardown(() => pooler.stop())
    return pooler.url
  }
  const job = defineJob({ name: uniqueName(), input: Type.Object({}), output: Type.Object({}) })
  await t.rejects(leaseEngine(await start('transaction'), {}, silent), { code: 'POOLER', message: /LISTEN needs one in session mode/ })
  const { app, submit, until } = await startService(t, { job, connection: await start('session'), processor: async () => ({}) })
  await until((await submit({})).body.jobId, 'completed')
  const begin = performance.now()
  for (let n = 0; n < 5; n++) t.equal((await submit({}, { prefer: 'wait=20' })).statusCode, 200)
  t.ok(performance.now() - begin < 5_000, 'who waits is told')
  await app.close()
})
