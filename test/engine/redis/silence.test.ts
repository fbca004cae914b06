import t, { type Test } from 'tap'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Cluster, Redis } from 'ioredis'
import { clusterOptions, WORKER_OPTIONS } from '../../../lib/engine/redis/options.js'
import { watchSilence } from '../../../lib/engine/redis/silence.js'
import { startDeafProxy } from '../../helpers/deaf-proxy.js'
import { startRedis, type RedisServer } from '../../helpers/redis-server.js'
import { eventually } from '../../helpers/service.js'

/** The shortest that tests of connections which are not dead can do with, in ms: looks come once a second. */
const LONGEST = 2_000

// They wait, mostly.
t.jobs = 4

async function start (t: Test, args: string[] = []): Promise<RedisServer> {
  const redis = await startRedis({ args })
  t.teardown(() => redis.stop())
  return redis
}

async function watched (t: Test, port: number): Promise<{ client: Redis, closed: () => number }> {
  const client = new Redis({ host: '127.0.0.1', port, ...WORKER_OPTIONS })
  t.teardown(() => { client.disconnect() })
  watchSilence(client, LONGEST)
  let closed = 0
  client.on('close', () => { closed++ })
  await once(client, 'ready')
  return { client, closed: () => closed }
}

t.test('a connection that died without a word is made anew, also where nobody asks anything', async t => {
  const redis = await start(t)
  const proxy = await startDeafProxy(t, redis.port)
  const { client } = await watched(t, proxy.port)
  proxy.deafen()
  const from = performance.now()
  await once(client, 'ready')
  const ms = performance.now() - from
  t.ok(ms > LONGEST - 1_000 && ms < LONGEST + 5_000, `${Math.round(ms)} ms`)
  t.equal(await client.ping(), 'PONG')
})

t.test('so is one whose first questions are not answered', async t => {
  const redis = await start(t)
  const { client, closed } = await watched(t, redis.port)
  redis.pause()
  const asked = client.set('a', 1)
  await once(client, 'close')
  await once(client, 'connect')
  // That is the kernel's word: the Redis is frozen still.
  await once(client, 'close')
  redis.resume()
  t.equal(await asked, 'OK', 'what it was asked is asked again')
  t.equal(closed(), 2)
})

t.test('one that says anything lives', async t => {
  const redis = await start(t)
  const { client, closed } = await watched(t, redis.port)
  await t.test('while nobody asks', async () => { await sleep(LONGEST + 1_500) })
  await t.test('while a command blocks for less', async t => {
    for (let turn = 0; turn < 3; turn++) t.equal(await client.blpop('nothing', 1), null)
  })
  await t.test('while this process stands still', async t => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LONGEST + 1_500)
    t.equal(await client.ping(), 'PONG')
    await sleep(1_500)
  })
  await t.test('while the user may not ping', async () => {
    await client.call('ACL', 'SETUSER', 'default', '-ping')
    await sleep(LONGEST + 1_500)
  })
  t.equal(closed(), 0)
})

t.test('the nodes of a cluster', async t => {
  const redis = await start(t, ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'])
  const node = new Redis(redis.url)
  t.teardown(() => { node.disconnect() })
  await node.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
  await eventually(() => node.call('CLUSTER', 'INFO'), info => String(info).includes('cluster_state:ok'))
  const cluster = new Cluster([redis.url], clusterOptions(WORKER_OPTIONS))
  cluster.on('error', () => {})
  t.teardown(() => { cluster.disconnect() })
  watchSilence(cluster, LONGEST)
  await cluster.set('a', 1)
  redis.pause()
  await once(cluster, '-node')
  redis.resume()
  t.equal(await cluster.get('a'), '1')
})
