import t from 'tap'
import pg from 'pg'
import { defineJob, Type, type Connection } from '../../lib/index.js'
import { leaseEngine } from '../../lib/engine/index.js'
import { postgresUrl, silent, uniqueName } from '../helpers/engines.js'
import { startService } from '../helpers/service.js'

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

t.test('each request that fails is told of', async t => {
  const { engine, release } = await leaseEngine(postgresUrl(), {}, silent)
  t.teardown(release)
  t.ok(engine.available)
  t.notOk(engine.noteFailure(new Error('Query read timeout')))
})
