import t from 'tap'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Cluster, Redis } from 'ioredis'
import pg from 'pg'
import { leaseEngine } from '../../lib/engine/index.js'
import { postgresUrl, redisUrl, silent } from '../helpers/engines.js'

t.test('equal connections share an engine, which closes with the last lease', async t => {
  const client = new Redis(redisUrl(), { lazyConnect: true })
  t.teardown(() => { client.disconnect() })
  for (const connection of [`${redisUrl()}/3`, client, { host: new URL(redisUrl()).hostname, port: Number(new URL(redisUrl()).port) }]) {
    const [one, two] = await Promise.all([leaseEngine(connection, {}, silent), leaseEngine(connection, {}, silent)])
    t.equal(one.engine, two.engine)
    await one.release()
    await one.release()
    t.ok(two.engine.available, 'releasing one twice does not count for two')
    await two.release()
    t.notOk(two.engine.available)
    const three = await leaseEngine(connection, {}, silent)
    t.not(three.engine, two.engine)
    await three.release()
  }
})

t.test('memory: is one app\'s own, memory:<name> is shared in the process', async t => {
  const [owner, stranger] = [{}, {}]
  const leases = await Promise.all([
    leaseEngine('memory:', owner, silent), leaseEngine('memory:', owner, silent), leaseEngine('memory:', stranger, silent),
    leaseEngine('memory:shared', owner, silent), leaseEngine('memory:shared', stranger, silent)
  ])
  const [first, again, other, named, namedAgain] = leases.map(({ engine }) => engine)
  t.equal(first, again)
  t.not(first, other)
  t.equal(named, namedAgain)
  t.not(named, first)
  await Promise.all(leases.map(lease => lease.release()))
})

t.test('an engine that cannot be opened can be tried again', async t => {
  const directory = await mkdtemp(join(tmpdir(), 'async-jobs-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  await writeFile(join(directory, 'PG_VERSION'), 'nonsense')
  const connection = `file:${directory}`
  const attempts = await Promise.allSettled([leaseEngine(connection, {}, silent), leaseEngine(connection, {}, silent)])
  t.match(attempts, [{ status: 'rejected' }, { status: 'rejected' }])
  t.notMatch(String((attempts[0] as PromiseRejectedResult).reason), /in use/, 'its lock was given back')
  t.notMatch(String(await leaseEngine(connection, {}, silent).then(() => 'in use after all', (error: unknown) => error)), /in use/)
})

t.test('a PostgreSQL shares an engine by connection and schema', async t => {
  const schema = `test_${randomUUID().replaceAll('-', '')}`
  const leases = await Promise.all([undefined, undefined, schema, schema].map(each => leaseEngine(postgresUrl(), {}, silent, each)))
  const [first, again, other, otherAgain] = leases.map(({ engine }) => engine)
  t.equal(first, again)
  t.not(first, other)
  t.equal(other, otherAgain)
  await Promise.all(leases.map(({ release }) => release()))
  const client = new pg.Client({ connectionString: postgresUrl() })
  await client.connect()
  await client.query(`DROP SCHEMA ${schema} CASCADE`)
  await client.end()
})

t.test('only PostgreSQL has schemas', async t => {
  for (const connection of [redisUrl(), 'memory:', 'file:./x', 'nonsense', { host: 'localhost' }]) {
    await t.rejects(leaseEngine(connection, {}, silent, 'mine'), { code: 'OPTION_INVALID', message: /options\.schema goes with a connection to PostgreSQL/ })
  }
})

t.test('refuses what is no connection', async t => {
  const wrong: Array<[unknown, RegExp]> = [
    ['localhost', /must begin with redis:.*given: a string without one of these/],
    ['', /must begin with redis:/],
    ['http://user:secret@host', /must begin with redis:.*given: http:$/],
    [7, /must be a URL, ioredis options, an ioredis client or a pg.Pool; given: number/],
    [null, /must be a URL/],
    [{ keyPrefix: 'mine:' }, /must not set keyPrefix.*given: keyPrefix 'mine:'/],
    [new Redis({ keyPrefix: 'mine:', lazyConnect: true }), /must not set keyPrefix/],
    [new Cluster(['localhost'], { keyPrefix: 'mine:', lazyConnect: true }), /must not set keyPrefix/],
    [new Cluster(['localhost'], { redisOptions: { keyPrefix: 'mine:' }, lazyConnect: true }), /must not set keyPrefix/]
  ]
  for (const [connection, message] of wrong) {
    await t.rejects(leaseEngine(connection as string, {}, silent), { code: 'OPTION_INVALID', message })
  }
})
