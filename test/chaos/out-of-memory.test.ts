import t from 'tap'
import { final, submit } from '../helpers/cluster.js'
import { recovery, refusesAll } from '../helpers/chaos/probe.js'
import { underLoad } from '../helpers/chaos/under-load.js'

t.setTimeout(240_000)

t.test('a Redis that is out of memory', async t => {
  await underLoad(t, {}, async ({ redis, gateways, steps }) => {
    const jobId = await submit(gateways[0], { chunks: 10, pace: 100 })
    await steps(jobId, 1)
    await redis.config('SET', 'maxmemory', '1')
    for (const gateway of gateways) await refusesAll(t, gateway, 1_000, ['submit', 'submit once', 'submit and wait'])
    t.match(await final(gateways[1], jobId), { status: 'completed', attempt: 1 }, 'what runs is finished, with all that it writes')
    await redis.config('SET', 'maxmemory', '0')
    for (const { accepted, completed } of await Promise.all(gateways.map(recovery))) {
      t.ok(accepted < 2_000, `accepts jobs within 2 s: ${Math.round(accepted)} ms`)
      t.ok(completed < 5_000, `and they are worked on: ${Math.round(completed)} ms`)
    }
  })
})
