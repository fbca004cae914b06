import t from 'tap'
import type { Job } from '../../types/job.js'
import { startFleet } from '../helpers/chaos/fleet.js'
import { call, submit } from '../helpers/cluster.js'
import { eventually } from '../helpers/service.js'

for (const state of ['killed', 'frozen'] as const) {
  t.test(`processes end while Redis is ${state}`, async t => {
    const faults: string[] = []
    const { gateways, workers: [worker], server, steps, terminateGateway, terminateWorker } = await startFleet(t, what => { faults.push(what) }, { workers: 1 })
    const jobId = await submit(gateways[0], { chunks: 1, end: 'never' })
    await steps(jobId, 1)
    const waiting = call<Job>(gateways[1], 'GET', `/status/${jobId}?wait=60`)
    await eventually(() => gateways[1].requests(), requests => requests === 1)
    if (state === 'killed') await server.kill()
    else server.pause()
    t.teardown(() => { server.resume() })
    const begin = performance.now()
    const [restart] = await Promise.all([terminateGateway(0), terminateGateway(1), terminateWorker(0)])
    t.ok(performance.now() - begin < 4_000, `within ${Math.round(performance.now() - begin)} ms`)
    t.strictSame(faults, [], 'with exit code 0')
    const reply = await waiting
    t.ok([200, 503].includes(reply.status), 'who waited has an answer', reply)
    t.strictSame(worker?.printed, [])

    if (state === 'killed') await server.restart()
    else server.resume()
    await restart()
    t.match(await call<Job>(gateways[0], 'GET', `/status/${jobId}`), { status: 200 }, 'the job is still there')
  })
}
