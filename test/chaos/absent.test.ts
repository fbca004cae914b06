import t from 'tap'
import { freePort } from '../../scripts/server-process.mjs'
import { recovery, refusesAll } from '../helpers/chaos/probe.js'
import { createMarks } from '../helpers/marks.js'
import { startGateway, startWorker } from '../helpers/processes.js'
import { startRedis } from '../helpers/redis-server.js'

t.test('a service that boots without its Redis', async t => {
  const server = await startRedis()
  t.teardown(() => server.stop())
  await server.kill()
  const worker = startWorker(t, server.port, {}, createMarks())
  const gateway = await startGateway(t, server.port, await freePort())
  await refusesAll(t, gateway, 1_000)
  await server.restart()
  const { accepted, completed } = await recovery(gateway)
  t.ok(accepted < 2_000, `accepts jobs within 2 s: ${Math.round(accepted)} ms`)
  t.ok(completed < 2_500, `and they are worked on: ${Math.round(completed)} ms`)
  await worker.ready
  t.strictSame([...gateway.printed, ...worker.printed], [], 'nothing is printed')
})
