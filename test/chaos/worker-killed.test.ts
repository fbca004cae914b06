import t from 'tap'
import type { Job } from '../../types/job.js'
import { call, final, startCluster, submit } from '../helpers/cluster.js'
import { createMarks } from '../helpers/marks.js'
import { startWorker } from '../helpers/processes.js'
import { eventually } from '../helpers/service.js'
import { watchStream } from '../helpers/watchers.js'

t.setTimeout(240_000)

/** How long a lock lasts, in ms. Workers look for jobs that have lost theirs as often. */
const LOCK = 1_000

t.test('a worker that is killed in a job', async t => {
  const { gateways: [gateway, other], server } = await startCluster(t, { workers: 0 })
  /** A worker, and when it has begun the job. */
  const begin = (jobId: string, maxStalledCount: number) => {
    const marks = createMarks()
    const worker = startWorker(t, server.port, { lockDuration: LOCK, maxStalledCount, concurrency: 1 }, marks)
    return { worker, begun: marks.reached(`step 1 ${jobId}`) }
  }

  await t.test('is replaced by another one', async t => {
    const jobId = await submit(gateway, { chunks: 1, end: 'when told' })
    const history = watchStream(other, jobId)
    const first = begin(jobId, 1)
    await first.begun
    const second = begin(jobId, 1)
    await second.worker.ready
    first.worker.kill('SIGKILL')
    const killed = performance.now()
    await second.begun
    const ms = performance.now() - killed
    // Its lock lasts, then two looks are needed: the first one marks the job.
    t.ok(ms < 3 * LOCK + 500, `within the time of its lock and of two looks: ${Math.round(ms)} ms`)
    second.worker.send({ go: jobId })
    t.match(await final(gateway, jobId), { status: 'completed', attempt: 1 }, 'no attempt is lost')
    const told = (await history).filter(event => event.type === 'output').map(({ run, data }) => [run, data])
    t.strictSame(told, [[1, `${jobId} 1 0`], [2, `${jobId} 1 0`]], 'whoever watched was told of both runs')
    second.worker.kill('SIGKILL')
  })

  await t.test('more often than it may be', async t => {
    const jobId = await submit(gateway, { chunks: 1, end: 'when told' })
    const history = watchStream(other, jobId)
    for (let deaths = 0; deaths < 3; deaths++) {
      const { worker, begun } = begin(jobId, 2)
      await begun
      t.match((await call<Job>(gateway, 'GET', `/status/${jobId}`)).body, { status: 'in_progress' }, `the job lives on after ${deaths} deaths`)
      worker.kill('SIGKILL')
      await worker.ended
    }
    const { worker } = begin(jobId, 2)
    const end = await final(gateway, jobId)
    t.match(end, { status: 'failed', error: { code: 'STALLED' } })
    t.match((await history).at(-1), { type: 'job', job: end }, 'whoever watched was told')
    t.equal((await history).filter(event => event.type === 'job' && event.job.status === 'failed').length, 1)
    await eventually(() => call<Job>(other, 'GET', `/status/${jobId}`), ({ body }) => body.status === 'failed')
    worker.kill('SIGTERM')
    t.equal(await worker.ended, 0)
  })
})
