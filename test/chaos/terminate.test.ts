import t from 'tap'
import type { Job } from '../../types/job.js'
import { underLoad } from '../helpers/chaos/under-load.js'
import { call, final, startCluster, submit, type Reply } from '../helpers/cluster.js'
import { eventually } from '../helpers/service.js'

t.setTimeout(240_000)

t.test('all processes of a service under load are replaced, one by one', async t => {
  await underLoad(t, {}, async ({ terminateGateway, terminateWorker }) => {
    for (let index = 0; index < 2; index++) {
      for (const restart of await Promise.all([terminateGateway(index), terminateWorker(index)])) await restart()
    }
  })
})

t.test('requests that a gateway has accepted are answered', async t => {
  const { gateways: [gateway, other], server } = await startCluster(t, { workers: 0 })
  const jobId = await submit(gateway, {})
  const before = await gateway.requests()
  server.pause()
  const asked: Array<Promise<Reply<Job>>> = [
    ...Array.from({ length: 30 }, () => call<Job>(gateway, 'POST', '', { body: { chunks: 0 } })),
    ...Array.from({ length: 30 }, () => call<Job>(gateway, 'GET', `/status/${jobId}`)),
    ...Array.from({ length: 30 }, () => call<Job>(gateway, 'GET', `/status/${jobId}?wait=60`))
  ]
  await eventually(() => gateway.requests(), requests => requests === before + asked.length)
  gateway.kill('SIGTERM')
  // It closes by now: its answers come in the order of its orders.
  await eventually(async () => await call(gateway, 'GET', '/status/nothing').then(({ status }) => status === 503, () => true), Boolean)
  server.resume()
  const replies = await Promise.all(asked)
  t.strictSame(new Set(replies.map(({ status }) => status)), new Set([202, 200]), 'none is refused or lost')
  t.equal(await gateway.ended, 0)
  for (const { body } of replies) t.match(await call<Job>(other, 'GET', `/status/${body.jobId}`), { status: 200, body: { status: 'pending' } })
})

t.test('jobs of a worker that ends', async t => {
  const { gateways: [gateway], workers: [first], addWorker, steps } = await startCluster(t, { workers: 1, closeTimeout: 1_500, lockDuration: 30_000 })
  const [short, long] = await Promise.all([submit(gateway, { chunks: 5, pace: 100 }), submit(gateway, { chunks: 30, pace: 100 })])
  await Promise.all([steps(short, 1), steps(long, 1)])
  first?.kill('SIGTERM')
  t.match(await final(gateway, short), { status: 'completed', attempt: 1 }, 'one that is done in time is finished')
  t.equal(await first?.ended, 0)
  t.match((await call<Job>(gateway, 'GET', `/status/${long}`)).body, { status: 'pending' }, 'one that is not goes back at once, not when its lock ends')
  await addWorker().ready
  t.match(await final(gateway, long), { status: 'completed', attempt: 1 }, 'and loses no attempt')
})
