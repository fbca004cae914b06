import t from 'tap'
import { randomUUID } from 'node:crypto'
import { defineJob, Type, type Processor } from '../../lib/index.js'
import { leaseEngine } from '../../lib/engine/index.js'
import { keepRetention } from '../../lib/worker/retention.js'
import { onEachEngine, redisUrl, silent, uniqueName } from '../helpers/engines.js'
import { latch } from '../helpers/latch.js'
import { startRedis } from '../helpers/redis-server.js'
import { eventually, startService } from '../helpers/service.js'

const schemas = { input: Type.Object({ fail: Type.Optional(Type.Boolean()) }), output: Type.Object({ ok: Type.Boolean() }), attempts: 1 }

t.test('deletes what has expired, however it ended', t => onEachEngine(t, async (t, { connection }) => {
  const job = defineJob({ ...schemas, name: uniqueName(), retention: { completed: 1, failed: 1 } })
  const { app, submit, until, status } = await startService(t, {
    job,
    connection,
    processor: (_input, { jobId }) => {
      if (jobId === failing) throw new Error('as wanted')
      return { ok: true }
    }
  })
  const { queue } = app.jobs(job)
  await queue.pause()
  const completing = (await submit({})).body.jobId
  const failing = (await submit({})).body.jobId
  await queue.resume()
  await until(completing, 'completed')
  await until(failing, 'failed')
  for (const jobId of [completing, failing]) {
    t.match(await eventually(() => status(jobId), ({ statusCode }) => statusCode === 404), { body: { code: 'JOB_NOT_FOUND' } })
    t.equal(await queue.getJob(jobId), undefined, 'nothing of it is left in the store')
  }
}))

t.test('deletes more than one batch', async t => {
  const job = defineJob({ ...schemas, name: uniqueName(), retention: { completed: 1, failed: 1 } })
  const lease = await leaseEngine(redisUrl(), {}, silent)
  t.teardown(() => lease.release())
  const queue = lease.engine.openQueue(job.name)
  const done = latch()
  const { worker, disconnect } = lease.engine.openWorker(job.name, async () => ({ ok: true }), { concurrency: 100 })
  t.teardown(async () => { await worker.close(); disconnect() })
  let count = 0
  worker.on('completed', () => { if (++count === 1_100) done.open() })
  await queue.addBulk(Array.from({ length: 1_100 }, () => ({ name: job.name, data: {}, opts: { removeOnComplete: { age: 1 } } })))
  await done.promise
  const stop = keepRetention(lease.engine, job, silent)
  t.teardown(stop)
  await eventually(() => queue.getCompletedCount(), left => left === 0)
  t.pass('all are gone')
})

t.test('each job is kept as long as clients were told, whatever a deployment says later', t => onEachEngine(t, async (t, { connection }) => {
  const name = uniqueName()
  const long = defineJob({ ...schemas, name, retention: { completed: 3_600, failed: 3_600 } })
  const short = defineJob({ ...schemas, name, retention: { completed: 1, failed: 1 } })
  const run: Processor<typeof long> = ({ fail }) => {
    if (fail === true) throw new Error('as wanted')
    return { ok: true }
  }
  const first = await startService(t, { job: long, connection, processor: run })
  const kept = [(await first.submit({})).body.jobId, (await first.submit({ fail: true })).body.jobId]
  await first.until(kept[0] as string, 'completed')
  await first.until(kept[1] as string, 'failed')
  const foreign = await first.app.jobs(long).queue.add(name, {}, { jobId: randomUUID() })
  await first.until(foreign.id as string, 'completed')
  await first.app.close()

  const second = await startService(t, { job: short, connection, processor: run })
  const expiring = [(await second.submit({})).body.jobId, (await second.submit({ fail: true })).body.jobId]
  for (const jobId of expiring) t.match(await eventually(() => second.status(jobId), ({ statusCode }) => statusCode === 404), { body: { code: 'JOB_NOT_FOUND' } })
  for (const jobId of kept) t.match(await second.status(jobId), { statusCode: 200, body: { expiresAt: String } })
  t.match(await second.status(foreign.id as string), { statusCode: 200, body: { expiresAt: undefined } }, 'one without retention is nobody\'s to delete')
}))

t.test('goes on when the store does not answer, and says so', async t => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const job = defineJob({ ...schemas, name: uniqueName(), retention: { completed: 1, failed: 1 } })
  const lease = await leaseEngine(redis.url, {}, silent)
  t.teardown(() => lease.release())
  const told = latch<unknown>()
  const stop = keepRetention(lease.engine, job, { ...silent, warn: (...line: unknown[]) => { told.open(line) } })
  t.teardown(stop)
  redis.pause()
  t.match(await told.promise, [{ job: job.name, err: Error }, 'Expired jobs could not be deleted'])
  redis.resume()
})

t.test('asks nothing of a store that is away', async t => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const job = defineJob({ ...schemas, name: uniqueName(), retention: { completed: 1, failed: 1 } })
  const { engine, release } = await leaseEngine(redis.url, {}, silent)
  t.teardown(release)
  const asked = latch()
  const stop = keepRetention({ ...engine, get available () { asked.open(); return false } }, job, { ...silent, warn: () => { t.fail('it did not ask') } })
  t.teardown(stop)
  await asked.promise
})
