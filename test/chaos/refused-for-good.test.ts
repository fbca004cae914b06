import t, { type Test } from 'tap'
import { setTimeout as sleep } from 'node:timers/promises'
import { createServer, connect, type AddressInfo, type Socket } from 'node:net'
import { once } from 'node:events'
import Fastify from 'fastify'
import { Redis } from 'ioredis'
import { asyncJobs, defineJob, Type } from '../../lib/index.js'
import { RIGHTS } from '../../lib/engine/remedies.js'
import { uniqueName } from '../helpers/engines.js'
import { logLines } from '../helpers/log-lines.js'
import { createDatabase } from '../helpers/postgres-database.js'
import { startRedis } from '../helpers/redis-server.js'
import { eventually, service } from '../helpers/service.js'

/** How long a refusal is watched, in ms. */
const WATCHED = 800

/** How long closing may take, in ms. */
const CLOSING = 5_000

t.setTimeout(240_000)

const job = defineJob({ name: uniqueName(), input: Type.Object({}), output: Type.Object({ ok: Type.Boolean() }) })

/** What a user may not do, by what the log then tells. */
const REFUSALS: Record<string, { rights: string[], told: RegExp }> = {
  'no INFO': { rights: ['~bull:*', '+@all', '-@dangerous'], told: /NOPERM.*'info'/ },
  'no key': { rights: ['~other:*', '+@all'], told: /NOPERM.*key/ },
  'no script': { rights: ['~bull:*', '+@all', '-eval', '-evalsha'], told: /NOPERM.*'eval/ },
  'no writing within scripts': { rights: ['~bull:*', '+@all', '-@write'], told: /can't run this command|ACL failure/ },
  'another password': { rights: ['resetpass', '>another', '~bull:*', '+@all'], told: /WRONGPASS/ }
}

const ALL = ['resetpass', '>secret', 'resetkeys', '~bull:*', '+@all']

async function start (t: Test, url: string) {
  const log = logLines()
  const printed = t.capture(console, 'warn')
  const app = Fastify({ disableRequestLogging: true, logger: { level: 'info', stream: log } })
  t.teardown(() => app.close())
  await app.register(asyncJobs, { job, prefix: '/jobs', connection: url, processor: () => ({ ok: true }) })
  await app.ready()
  return {
    ...service(app, '/jobs'),
    lines: () => log.lines().filter(({ msg }) => !String(msg).startsWith('Server ')),
    printed,
    async close (limit = CLOSING) {
      const begin = performance.now()
      await app.close()
      const took = Math.round(performance.now() - begin)
      t.ok(took < limit, `it closes: ${took} ms`)
    }
  }
}

type Service = Awaited<ReturnType<typeof start>>

/** Watches it for some time: each request is answered 503, and the process has nothing to do. */
async function watch (t: Test, { submit, status }: Service): Promise<void> {
  const before = process.cpuUsage()
  const begin = performance.now()
  while (performance.now() - begin < WATCHED) {
    for (const ask of [() => submit({}), () => status('6f1c2b1e-8f0a-4b57-9d3e-2a7c5d4e9f10')]) t.match(await ask(), { statusCode: 503, body: { code: 'STORE_UNAVAILABLE' } })
    await sleep(100)
  }
  const { user, system } = process.cpuUsage(before)
  const share = (user + system) / 10 / (performance.now() - begin)
  t.ok(share < 50, `and costs ${share.toFixed(1)} % of a processor`)
}

async function worksAgain (t: Test, { submit, until }: Service): Promise<void> {
  const { body: { jobId } } = await eventually(() => submit({}), ({ statusCode }) => statusCode === 202)
  await until(jobId, 'completed')
  t.pass('and works when it is granted')
}

for (const [what, { rights, told }] of Object.entries(REFUSALS)) {
  t.test(what, async t => {
    const server = await startRedis()
    t.teardown(() => server.stop())
    const admin = new Redis(server.url)
    t.teardown(() => { admin.disconnect() })
    const url = server.url.replace('//', '//service:secret@')
    const grant = (rights: string[]): Promise<unknown> => admin.acl('SETUSER', 'service', 'reset', 'on', '>secret', ...rights)

    await t.test('from the start', async t => {
      await grant(rights)
      const started = await start(t, url)
      await watch(t, started)
      t.match(started.lines(), [{ level: 40, err: { message: told }, msg: /^Redis refuses what the service needs.* (?:Grant|Check)/ }], 'one line tells')
      await grant(ALL)
      await worksAgain(t, started)
      t.match(started.lines().slice(1), [{ level: 30, msg: 'Redis is back' }])
      t.strictSame(started.printed(), [])
      await started.close()
    })

    await t.test('closing meanwhile', async t => {
      await grant(rights)
      const started = await start(t, url)
      await started.close()
    })

    await t.test('later', async t => {
      await grant(ALL)
      const started = await start(t, url)
      await worksAgain(t, started)
      await grant(rights)
      // Only new connections are asked for the password, and ask what Redis is.
      if (['another password', 'no INFO'].includes(what)) await admin.client('KILL', 'USER', 'service')
      // One finds out.
      await eventually(() => started.submit({}), ({ statusCode }) => statusCode === 503)
      await eventually(() => started.status('6f1c2b1e-8f0a-4b57-9d3e-2a7c5d4e9f10'), ({ statusCode }) => statusCode === 503)
      await watch(t, started)
      const lines = started.lines().filter(({ level }) => level !== 50)
      t.match(lines, [{ level: 40, err: { message: told }, msg: /^Redis refuses what the service needs.* (?:Grant|Check)/ }], 'one line tells')
      await grant(ALL)
      await worksAgain(t, started)
      t.match(started.lines().filter(({ level }) => level !== 50).slice(lines.length), [{ level: 30, msg: 'Redis is back' }])
      await grant(rights)
      await started.close()
    })
  })
}

t.test('a Redis that is too old', async t => {
  const server = await startRedis()
  t.teardown(() => server.stop())
  const old = await pretend(t, server.port, /redis_version:\d/g, 'redis_version:5')
  const started = await start(t, `redis://127.0.0.1:${old.port}`)
  await watch(t, started)
  t.match(started.lines(), [{ level: 40, err: { message: /^Redis 5\.\S+ is too old/ }, msg: /Use Redis 6\.2 or later, or Valkey$/ }], 'one line tells')
  t.strictSame(started.printed(), [])
  old.stop()
  await worksAgain(t, started)
  await started.close()
})

t.test('what only a worker needs', async t => {
  const server = await startRedis()
  t.teardown(() => server.stop())
  const admin = new Redis(server.url)
  t.teardown(() => { admin.disconnect() })
  await admin.acl('SETUSER', 'service', 'on', '>secret', '~bull:*', '+@all', '-bzpopmin')
  const started = await start(t, server.url.replace('//', '//service:secret@'))
  const { body: { jobId } } = await started.submit({})
  await eventually(async () => started.lines(), lines => lines.length > 0)
  await sleep(WATCHED)
  t.match(started.lines(), [{ err: { message: /NOPERM.*'bzpopmin'/ }, msg: /^Redis refuses some of what it is asked.* Grant/ }], 'is told once')
  await admin.acl('SETUSER', 'service', '+bzpopmin')
  await started.until(jobId, 'completed')
  await started.close()
})

t.test('a user with the documented rights, and no more', async t => {
  const server = await startRedis()
  t.teardown(() => server.stop())
  const admin = new Redis(server.url)
  t.teardown(() => { admin.disconnect() })
  await admin.acl('SETUSER', 'service', 'reset', 'on', '>secret', ...RIGHTS.split(' '))
  const started = await start(t, server.url.replace('//', '//service:secret@'))
  await worksAgain(t, started)
  t.strictSame(started.lines(), [])
  t.strictSame(await admin.acl('LOG'), [])
  await started.close()
})

/** A Redis that says something else of itself, of the same length. */
async function pretend (t: Test, to: number, what: RegExp, instead: string): Promise<{ port: number, stop (): void }> {
  const sockets = new Set<Socket>()
  let pretending = true
  const proxy = createServer(client => {
    const upstream = connect(to, '127.0.0.1')
    client.on('data', data => { upstream.write(data) })
    upstream.on('data', data => { client.write(pretending ? Buffer.from(data.toString('latin1').replace(what, instead), 'latin1') : data) })
    for (const [one, other] of [[client, upstream], [upstream, client]] as const) {
      sockets.add(one)
      one.on('error', () => {})
      one.once('close', () => { other.destroy() })
    }
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  t.teardown(() => {
    proxy.close()
    for (const socket of sockets) socket.destroy()
  })
  return { port: (proxy.address() as AddressInfo).port, stop () { pretending = false } }
}

t.test('a PostgreSQL that refuses what it granted', async t => {
  const database = await createDatabase(t)
  const role = new URL(database.url).username
  const started = await start(t, database.url)
  await worksAgain(t, started)
  await database.query(`REVOKE ALL ON ALL TABLES IN SCHEMA bullmq FROM ${role}`)
  await eventually(() => started.submit({}), ({ statusCode }) => statusCode === 503)
  await watch(t, started)
  const lines = started.lines()
  t.match(lines, [{ level: 40, err: { message: /permission denied for table/ }, msg: /^PostgreSQL refuses some of what it is asked.* Grant its PostgreSQL role/ }], 'one line tells')
  await database.query(`GRANT ALL ON ALL TABLES IN SCHEMA bullmq TO ${role}`)
  await worksAgain(t, started)
  t.strictSame(started.lines().slice(lines.length), [])
  await database.query(`REVOKE ALL ON ALL TABLES IN SCHEMA bullmq FROM ${role}`)
  // The worker may not know yet that the job is stored: for that it waits for as long as for anything that a job ended in.
  await started.close(13_000)
})
