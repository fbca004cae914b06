import t, { type Test } from 'tap'
import Fastify from 'fastify'
import pg from 'pg'
import { inspect } from 'node:util'
import { setTimeout as sleep } from 'node:timers/promises'
import { asyncJobs, createWorker, defineJob, Type, type Connection } from '../../lib/index.js'
import { findPostgres, startPostgres } from '../../scripts/postgres.mjs'
import { uniqueName } from '../helpers/engines.js'
import { logLines } from '../helpers/log-lines.js'
import { startRedis } from '../helpers/redis-server.js'

/* The store's password is in no error, no log line and no answer, and not in what we expose. */

const SECRET = 'hunter2secret'
const define = () => defineJob({ name: uniqueName(), input: Type.Object({}), output: Type.Null() })

/** What a service and a worker with this connection say of themselves, until something has been logged that matches. */
async function sayings (t: Test, connection: Connection, until: RegExp, meanwhile = async (): Promise<unknown> => undefined): Promise<string[]> {
  const log = logLines()
  const said: string[] = []
  const onWarning = (warning: Error): void => { said.push(inspect(warning)) }
  process.on('warning', onWarning)
  const written = (['debug', 'info', 'log', 'warn', 'error'] as const).map(method => t.capture(console, method))
  const app = Fastify({ logger: { level: 'trace', stream: log } })
  const job = define()
  await app.register(asyncJobs, { job, prefix: '/jobs', connection, processor: () => null })
  await app.ready()
  const answer = await app.inject({ method: 'POST', url: '/jobs', payload: {} })
  said.push(answer.body, inspect(answer.headers))
  const handle = app.jobs(job)
  said.push(await handle.submit({}).then(inspect, error => inspect(error, { depth: 9 })))
  said.push(inspect(app), inspect(handle), inspect(handle.queue))
  const worker = createWorker(job, () => null, { connection, closeTimeout: 0 })
  said.push(inspect(worker, { depth: 9 }))
  // A connection that is broken while it is in use tells by its query: it is the idle ones that are waited for.
  while (!until.test(log.text())) {
    await meanwhile()
    await sleep(200)
  }
  await Promise.all([worker.close(), app.close()])
  process.off('warning', onWarning)
  return [...said, log.text(), ...written.flatMap(calls => calls().map(({ args }) => args.map(value => inspect(value, { depth: 9 })).join(' ')))]
}

t.test('of Redis', async t => {
  const redis = await startRedis({ args: ['--requirepass', 'right', '--user', 'poor', 'on', `>${SECRET}`, '~*', '+ping', '+info'] })
  t.teardown(() => redis.stop())
  const { port } = redis
  const address = `127.0.0.1:${port}`
  const connections: Array<[name: string, connection: Connection, until: RegExp]> = [
    ['a wrong password in a URL', `redis://:${SECRET}@${address}`, /WRONGPASS/],
    ['in options', { host: '127.0.0.1', port, password: SECRET }, /WRONGPASS/],
    ['none where one is needed', `redis://${address}`, /NOAUTH/],
    ['a user who may do nothing', `redis://poor:${SECRET}@${address}`, /NOPERM/],
    ['a wrong one for a sentinel', { sentinels: [{ host: '127.0.0.1', port }], name: 'main', sentinelPassword: SECRET, password: SECRET }, /All sentinels are unreachable/]
  ]
  for (const [name, connection, until] of connections) {
    for (const text of await sayings(t, connection, until)) t.notMatch(text, SECRET, name)
  }
  await t.test('in a URL that is none', async t => {
    for (const url of [`redis://:${SECRET}/x@${address}`, `redis://:${SECRET}#x@${address}`, `redis://:${SECRET}?x@${address}`, `redis://:${SECRET}%zz@${address}`, `redis://user:${SECRET}`]) {
      const app = Fastify()
      t.teardown(() => app.close())
      const error: unknown = await app.register(asyncJobs, { job: define(), connection: url }).then(() => undefined, thrown => thrown)
      t.match(error, { code: 'OPTION_INVALID', message: /options\.connection must be a URL.*percent-encoded/ })
      t.notMatch(inspect(error, { depth: 9 }), SECRET)
    }
  })
})

t.test('of PostgreSQL', async t => {
  const server = await startPostgres(findPostgres() as string)
  t.teardown(() => server.stop())
  const admin = new pg.Client(server.url)
  await admin.connect()
  t.teardown(() => admin.end())
  await admin.query(`CREATE ROLE good SUPERUSER LOGIN PASSWORD '${SECRET}'; CREATE ROLE poor LOGIN PASSWORD '${SECRET}'`)
  const { host, hostname, port } = new URL(server.url)

  await t.test('where a connection is broken', async t => {
    const pool = new pg.Pool({ host: hostname, port: Number(port), user: 'good', password: SECRET, database: 'postgres' })
    t.teardown(() => pool.end())
    for (const connection of [`postgres://good:${SECRET}@${host}/postgres`, pool]) {
      const breakThem = (): Promise<unknown> => admin.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'good'")
      for (const text of await sayings(t, connection, /Connections to PostgreSQL break|PostgreSQL is unreachable/, breakThem)) t.notMatch(text, SECRET)
    }
  })

  await t.test('where none comes about', async t => {
    const urls = [`postgres://poor:${SECRET}@${host}/postgres`, `postgres://nobody:${SECRET}@${host}/postgres`, `postgres://good:${SECRET}@${host}/nothing`, `postgres://good:${SECRET}@127.0.0.1:1/postgres`, `postgres://good:${SECRET}/x@${host}/postgres`, `postgres://good:${SECRET}#x@${host}/postgres`]
    for (const url of urls) {
      const log = logLines()
      const app = Fastify({ logger: { stream: log } })
      t.teardown(() => app.close())
      // Where it may be there later, the service starts.
      const error: unknown = await app.register(asyncJobs, { job: define(), connection: url }).then(() => undefined, thrown => thrown)
      t.ok(error instanceof Error || log.text().includes('PostgreSQL is unreachable'))
      t.notMatch(inspect(error, { depth: 9 }) + log.text(), SECRET)
    }
  })
})
