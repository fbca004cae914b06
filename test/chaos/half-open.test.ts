import t from 'tap'
import { freePort } from '../../scripts/server-process.mjs'
import { recovery } from '../helpers/chaos/probe.js'
import { startDeafProxy } from '../helpers/deaf-proxy.js'
import { createMarks } from '../helpers/marks.js'
import { startGateway, startWorker } from '../helpers/processes.js'
import { startRedis } from '../helpers/redis-server.js'

t.setTimeout(240_000)

/** How long it may take until all is as before, in ms. */
const LIMIT = 15_000

/** By when an event has told of a job's end, in ms. Where none does, it is looked for after 15 s. */
const AT_ONCE = 1_500

t.test('connections to Redis that died without a word', async t => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const [ofGateway, ofWorker] = await Promise.all([startDeafProxy(t, redis.port), startDeafProxy(t, redis.port)])
  const worker = startWorker(t, ofWorker.port, {}, createMarks())
  const gateway = await startGateway(t, ofGateway.port, await freePort())
  await worker.ready
  await recovery(gateway)

  await t.test('those of a worker', async t => {
    ofWorker.deafen()
    const { completed } = await recovery(gateway)
    t.ok(completed < LIMIT, `a job is done after ${Math.round(completed)} ms`)
    t.strictSame(worker.printed, [])
    t.ok(worker.log.length < 5, `says so in ${worker.log.length} lines`)
  })

  await t.test('those of a service', async t => {
    ofGateway.deafen()
    const from = performance.now()
    const { accepted } = await recovery(gateway)
    t.ok(accepted < LIMIT, `a job is accepted after ${Math.round(accepted)} ms`)
    for (;;) {
      const { completed } = await recovery(gateway)
      if (completed < AT_ONCE) break
    }
    const heard = performance.now() - from
    t.ok(heard < LIMIT, `events are heard after ${Math.round(heard)} ms`)
    t.strictSame(gateway.printed, [])
    t.ok(gateway.log.length < 5, `says so in ${gateway.log.length} lines`)
  })
})
