import t from 'tap'
import { recovery, refusesAll } from '../helpers/chaos/probe.js'
import { underLoad } from '../helpers/chaos/under-load.js'

t.setTimeout(240_000)

t.test('a Redis that is killed and restarted, again and again', async t => {
  await underLoad(t, {}, async ({ server, gateways }) => {
    for (let outage = 0; outage < 3; outage++) {
      await server.kill()
      for (const gateway of gateways) await refusesAll(t, gateway, 1_000)
      await server.restart()
      const times = await Promise.all(gateways.map(recovery))
      for (const { accepted, completed } of times) {
        t.ok(accepted < 2_000, `accepts jobs within 2 s: ${Math.round(accepted)} ms`)
        t.ok(completed < 5_000, `and they are worked on: ${Math.round(completed)} ms`)
      }
    }
  })
})
