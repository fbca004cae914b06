import t from 'tap'
import { Redis } from 'ioredis'
import { DURABLE } from '../helpers/cluster.js'
import { recovery, refusesAll } from '../helpers/chaos/probe.js'
import { underLoad } from '../helpers/chaos/under-load.js'
import { eventually } from '../helpers/service.js'

t.setTimeout(240_000)

/** Each key that Redis loads takes it 20 ms: its own guess is that it takes more than a minute. */
const SLOW = ['--key-load-delay', '20000', '--loading-process-events-interval-bytes', '1024']
const KEYS = 4_000

t.test('a Redis that loads for long', async t => {
  await underLoad(t, { redis: [...DURABLE, ...SLOW] }, async ({ redis, server, gateways }) => {
    const keys = redis.pipeline()
    for (let key = 0; key < KEYS; key++) keys.set(`key-${key}`, '.'.repeat(100))
    await keys.exec()
    await redis.bgrewriteaof()
    await eventually(() => redis.info('persistence'), info => /aof_rewrite_in_progress:0[^]*aof_rewrite_scheduled:0/.test(info))

    await server.kill()
    const ready = server.restart()
    const client = new Redis(server.url, { enableReadyCheck: false })
    client.on('error', () => {})
    t.teardown(() => { client.disconnect() })
    await eventually(() => client.info('persistence').catch(() => ''), info => info.includes('loading:1'))
    for (const gateway of gateways) await refusesAll(t, gateway, 1_000)
    await client.config('SET', 'key-load-delay', '0')
    await ready
    for (const { accepted, completed } of await Promise.all(gateways.map(recovery))) {
      t.ok(accepted < 2_000, `accepts jobs within 2 s: ${Math.round(accepted)} ms`)
      t.ok(completed < 5_000, `and they are worked on: ${Math.round(completed)} ms`)
    }
  })
})
