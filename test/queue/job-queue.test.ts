import t from 'tap'
import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { defineJob, Type } from '../../lib/index.js'
import { leaseEngine } from '../../lib/engine/index.js'
import { openJobQueue } from '../../lib/queue/job-queue.js'
import type { StoredJob } from '../../lib/job/stored-job.js'
import { onEachEngine, redisUrl, silent, uniqueName } from '../helpers/engines.js'
import { startRedis } from '../helpers/redis-server.js'
import { startService } from '../helpers/service.js'

const schemas = { input: Type.Object({}), output: Type.String() }

t.test('status costs the same whatever the job and the queue hold', async t => {
  // Of its own: what it counts is the server's.
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const { url } = redis
  const job = defineJob({ ...schemas, name: uniqueName(), input: Type.Object({ text: Type.String() }) })
  const { app, submit, status, until } = await startService(t, { job, connection: url })
  const monitor = new Redis(url)
  t.teardown(() => { monitor.disconnect() })
  const first = (await submit({ text: 'x'.repeat(100_000) })).body.jobId
  await app.jobs(job).queue.addBulk(Array.from({ length: 1_000 }, () => ({ name: job.name, data: { text: '' } })))
  const spent = async (ask: () => Promise<unknown>): Promise<{ calls: Record<string, number>, bytes: number }> => {
    await monitor.config('RESETSTAT')
    const before = await bytesOut(monitor)
    await ask()
    const after = await bytesOut(monitor)
    const stats = await monitor.info('commandstats')
    const calls = Object.fromEntries([...stats.matchAll(/cmdstat_(\S+?):calls=(\d+)/g)].map(([, name, count]) => [name, Number(count)]))
    return { calls, bytes: after - before }
  }
  await status(first)
  const { calls, bytes } = await spent(() => status(first))
  t.match(calls, { evalsha: 1, hmget: 1 })
  for (const costly of ['hgetall', 'lpos', 'lrange', 'zrange', 'keys', 'scan']) t.notOk(costly in calls, costly)
  t.ok(bytes < 5_000, `the input stays where it is (${bytes} bytes)`)
  void until
})

t.test('the whole answer of a completed job without its output', async t => {
  const job = defineJob({ ...schemas, name: uniqueName() })
  const { app, submit, until } = await startService(t, { job, connection: redisUrl(), processor: () => 'x'.repeat(100_000) })
  const { body: { jobId } } = await submit({})
  await until(jobId, 'completed')
  const answer = await app.inject(`/jobs/status/${jobId}`)
  t.ok(answer.body.length < 1_000)
})

async function bytesOut (client: Redis): Promise<number> {
  return Number(/total_net_output_bytes:(\d+)/.exec(await client.info('stats'))?.[1])
}

t.test('a job that nobody began in time', t => onEachEngine(t, async (t, { connection }) => {
  const job = defineJob({ ...schemas, name: uniqueName(), startBy: 1 })
  const { app, submit, until, result, status } = await startService(t, { job, connection })
  const [one, two, delayed] = [(await submit({})).body, (await submit({})).body, await app.jobs(job).submit({}, { delay: 600_000 })]
  const error = { code: 'EXPIRED', message: 'The job was not started in time.' }
  t.match(await until(one.jobId, 'failed'), { attempt: 0, error }, 'is seen by who asks')
  t.ok(Date.now() >= Date.parse(one.createdAt) + 1_000, 'not before its time')
  t.match(await result(one.jobId), { statusCode: 409, body: { code: 'JOB_FAILED', error } })
  const told = []
  for await (const event of app.jobs(job).events(two.jobId)) told.push(event)
  t.match(told.at(-1), { job: { status: 'failed', error } }, 'and by who watches')
  t.match(await status(delayed.jobId), { body: { status: 'pending' } }, 'a delay is no wait')
}))

t.test('a watcher sees it without any worker, and without asking', t => onEachEngine(t, async (t, { connection }) => {
  const job = defineJob({ ...schemas, name: uniqueName() })
  const { app } = await startService(t, { job, connection })
  const jobs = app.jobs(job)
  const { jobId } = await jobs.submit({}, { startBy: 1 })
  const statuses = []
  for await (const event of jobs.events(jobId)) if (event.type === 'job') statuses.push(event.job.status)
  t.strictSame(statuses, ['pending', 'failed'])
}))

t.test('chunks of partial output, among rows that others have logged', t => onEachEngine(t, async (t, { connection }) => {
  const job = defineJob({ ...schemas, name: uniqueName() })
  const { app, submit } = await startService(t, { job, connection })
  const { body: { jobId } } = await submit({})
  const { queue } = app.jobs(job)
  for (const row of ['a line', 'output 1 "a"', 'output 1 {broken', 'output 2 {"b":1}', '']) await queue.addJobLog(jobId, row)
  const { engine, release } = await leaseEngine(connection, {}, silent)
  t.teardown(release)
  const chunks = openJobQueue(engine, job)
  t.strictSame(await chunks.readChunks(jobId, 0), { chunks: [{ index: 1, run: 1, data: 'a' }, { index: 3, run: 2, data: { b: 1 } }], next: 5 })
  t.strictSame(await chunks.readChunks(jobId, 2), { chunks: [{ index: 3, run: 2, data: { b: 1 } }], next: 5 })
  t.strictSame(await chunks.readChunks(jobId, 5), { chunks: [], next: 5 })
}))

t.test('a large output that is gone when it is read', async t => {
  const job = defineJob({ ...schemas, name: uniqueName() })
  const { engine, release } = await leaseEngine(redisUrl(), {}, silent)
  t.teardown(release)
  const completed: StoredJob = { state: 'completed', timestamp: 1, finishedOn: 2, attemptsMade: 1, opts: {}, progress: 0, logs: 0, readAt: 3 }
  const reads: Array<StoredJob | undefined> = [{ ...completed, largeOutput: true }, undefined]
  const queue = openJobQueue({ ...engine, available: true, readJob: async () => reads.shift(), readOutput: async () => undefined }, job)
  t.strictSame(await queue.read(randomUUID(), true), { outcome: 'unknown' }, 'the job is read again')
  const output = { text: '1', checked: true }
  const other = openJobQueue({ ...engine, available: true, readJob: async () => ({ ...completed, largeOutput: true }), readOutput: async () => output }, job)
  t.match(await other.read(randomUUID(), true), { outcome: 'found', stored: { output } })
})
