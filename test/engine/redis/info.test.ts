import t from 'tap'
import type { Redis } from 'ioredis'
import { hearInfo } from '../../../lib/engine/redis/info.js'
import { openRedis } from '../../../lib/engine/redis/redis.js'
import { silent } from '../../helpers/engines.js'
import { startRedis } from '../../helpers/redis-server.js'

/** A client of a Redis that says this of itself. */
function clientOf (text: unknown): Redis {
  return { info: async () => text } as unknown as Redis
}

t.test('tells once, whichever client learns of it', async t => {
  const told: unknown[] = []
  const watch = hearInfo({ ...silent, warn: (...line: unknown[]) => { told.push(line) } })
  const clients = [clientOf('a:1\r\nmaxmemory_policy:noeviction\r\nb:2\r\n'), clientOf('a:1\r\nmaxmemory_policy:allkeys-lru\r\nb:2\r\n'), clientOf('maxmemory_policy:volatile-ttl\n')]
  for (const client of clients) watch(client)
  t.strictSame(await Promise.all(clients.map(client => client.info())), ['a:1\r\nmaxmemory_policy:noeviction\r\nb:2\r\n', 'a:1\r\nb:2\r\n', ''], 'and hides it')
  t.strictSame(told, [[{ policy: 'allkeys-lru' }, 'Redis evicts keys when its memory is full (maxmemory-policy allkeys-lru): jobs would be lost. Set maxmemory-policy noeviction']])
})

t.test('leaves alone what is no text', async t => {
  const client = clientOf(undefined)
  hearInfo(silent)(client)
  t.equal(await client.info(), undefined)
})

t.test('refuses one that is too old', async t => {
  for (const version of ['2.8.24', '5.0.14', '6.0.16', '6.1.240']) {
    const client = clientOf(`a:1\r\nredis_version:${version}\r\n`)
    hearInfo(silent)(client)
    await t.rejects(client.info(), { code: 'REDIS_TOO_OLD', message: new RegExp(version) })
  }
  for (const version of ['6.2.0', '7.0.15', '10.0.0']) {
    const client = clientOf(`redis_version:${version}\r\n`)
    hearInfo(silent)(client)
    t.match(await client.info(), version)
  }
})

t.test('a real one, and all connections that BullMQ makes', async t => {
  const redis = await startRedis({ args: ['--maxmemory-policy', 'allkeys-lfu'] })
  t.teardown(() => redis.stop())
  const printed = t.capture(console, 'warn')
  const told: string[] = []
  const engine = await openRedis(redis.url, { ...silent, warn: (_fields, message) => { told.push(message) } })
  t.teardown(() => engine.close())
  await engine.openQueue('jobs').waitUntilReady()
  const { worker, disconnect } = engine.openWorker('jobs', async () => {}, { autorun: false })
  await worker.waitUntilReady()
  const events = engine.openEvents('jobs', () => {})
  await events.read('0-0')
  await events.close()
  const closing = worker.close()
  disconnect()
  await closing
  t.equal(told.length, 1)
  t.strictSame(printed(), [])
})
