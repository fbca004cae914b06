import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { recovery, refusesAll } from '../helpers/chaos/probe.js'
import { underLoad } from '../helpers/chaos/under-load.js'

t.setTimeout(240_000)

/** Longer than a lock lasts, in ms. */
const FROZEN = 5_000

t.test('a Redis that is frozen', async t => {
  await underLoad(t, {}, async ({ server, gateways }) => {
    server.pause()
    const over = sleep(FROZEN)
    // Commands are given up after 900 ms.
    for (const gateway of gateways) await refusesAll(t, gateway, 1_500)
    await over
    server.resume()
    for (const { accepted, completed } of await Promise.all(gateways.map(recovery))) {
      t.ok(accepted < 2_000, `accepts jobs within 2 s: ${Math.round(accepted)} ms`)
      t.ok(completed < 5_000, `and they are worked on: ${Math.round(completed)} ms`)
    }
  })
})
