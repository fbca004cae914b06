import t from 'tap'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { defineJob, Type } from '../lib/index.js'
import { leaseEngine } from '../lib/engine/index.js'
import { openJobQueue } from '../lib/job-queue.js'
import { onEachEngine, redisUrl, silent, uniqueName } from './helpers/engines.js'
import { startRedis } from './helpers/redis-server.js'
import { eventually, startService } from './helpers/service.js'

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

t.test('an input that can never be stored is the client\'s fault, not the store\'s', t => onEachEngine(t, async (t, { kind, connection }) => {
  const job = defineJob({ name: uniqueName(), input: Type.Object({ text: Type.Unknown() }), output: Type.Null() })
  const { app, submit } = await startService(t, { job, connection })
  const deep = await app.inject({ method: 'POST', url: '/jobs', headers: { 'content-type': 'application/json' }, payload: `{"text":${'['.repeat(9_000)}${']'.repeat(9_000)}}` })
  t.match(deep.json(), { status: 400, code: 'INPUT_INVALID', detail: 'The input is not valid: it is nested too deeply' })
  for (const text of ['a\0b', 'a\ud800b']) {
    const { statusCode, body } = await submit({ text })
    if (kind === 'redis') t.equal(statusCode, 202)
    else t.match(body, { status: 400, code: 'INPUT_INVALID', detail: 'The input is not valid: it has characters that cannot be stored: U+0000, or half a surrogate pair' })
  }
}))

t.test('the log tells of a store\'s refusal, not of the input', async t => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const client = new Redis(redis.url)
  t.teardown(() => { client.disconnect() })
  const lines: string[] = []
  const job = defineJob({ name: uniqueName(), input: Type.Object({ text: Type.String() }), output: Type.Null() })
  const { submit } = await startService(t, { job, connection: redis.url }, { logger: { level: 'warn', stream: { write: (line: string) => { lines.push(line) } } } })
  await client.config('SET', 'maxmemory', '1')
  t.match(await submit({ text: 'my secret' }), { statusCode: 503 })
  t.match(lines.map(line => (JSON.parse(line) as { err: { message: string } }).err.message), [/OOM/])
  t.notMatch(lines.join(''), /my secret/)
})

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

t.test('a queue that is full', t => onEachEngine(t, async (t, { connection }) => {
  const job = defineJob({ ...schemas, name: uniqueName() })
  const { app, submit } = await startService(t, { job, connection, maxPending: 2 })
  const first = await submit({}, { 'idempotency-key': 'a' })
  await app.jobs(job).submit({}, { delay: 60_000 })
  const refused = await submit({}, { 'idempotency-key': 'b' })
  t.match(refused, { statusCode: 503, headers: { 'retry-after': '1', 'content-type': 'application/problem+json; charset=utf-8' }, body: { code: 'QUEUE_FULL', detail: 'Too many jobs are waiting. Submit it again after the time that Retry-After tells.' } })
  await t.rejects(app.jobs(job).submit({}), { code: 'QUEUE_FULL', statusCode: 503, headers: { 'retry-after': '1' } }, 'nor may the host\'s own code')
  t.equal(await app.jobs(job).queue.count(), 2)

  const again = await submit({}, { 'idempotency-key': 'a' })
  t.match(again, { statusCode: 202, headers: { 'idempotent-replayed': 'true' }, body: { jobId: first.body.jobId } }, 'what was accepted stays so')
  await app.jobs(job).cancel(first.body.jobId)
  t.match(await eventually(() => submit({}, { 'idempotency-key': 'a' }), ({ statusCode }) => statusCode === 202), { headers: { 'idempotent-replayed': 'true' } }, 'also by its key, as long as it is there')
  await eventually(() => submit({}), ({ statusCode }) => statusCode === 202)
  t.equal(await app.jobs(job).queue.count(), 2, 'who is gone makes room')
  await (await app.jobs(job).queue.getJob(first.body.jobId))?.remove()
  t.match(await submit({}, { 'idempotency-key': 'a' }), { statusCode: 503 }, 'a key whose job is gone does not')
}))

t.test('never takes more than may wait, however many submit at once', async t => {
  const job = defineJob({ ...schemas, name: uniqueName() })
  const { app, submit } = await startService(t, { job, connection: redisUrl(), maxPending: 100 })
  const answers = await Promise.all(Array.from({ length: 300 }, () => submit({})))
  const accepted = answers.filter(({ statusCode }) => statusCode === 202).length
  t.ok(accepted > 50 && accepted <= 100, `${accepted} were accepted`)
  t.equal(answers.filter(({ statusCode }) => statusCode === 503).length, 300 - accepted)
  await eventually(async () => { await submit({}); return await app.jobs(job).queue.count() }, count => count === 100)
  t.match(await submit({}), { statusCode: 503 })
})

t.test('refuses nobody while the workers keep up', async t => {
  const job = defineJob({ ...schemas, name: uniqueName() })
  const { submit, until } = await startService(t, { job, connection: redisUrl(), maxPending: 10, processor: () => '' })
  for (let count = 0; count < 200; count++) {
    const { statusCode, body } = await submit({})
    t.equal(statusCode, 202)
    await until(body.jobId, 'completed')
  }
})

t.test('tells those who are refused when there is room, by how fast it drains', async t => {
  const job = defineJob({ ...schemas, name: uniqueName() })
  const { submit } = await startService(t, { job, connection: redisUrl(), maxPending: 20, processor: async () => { await sleep(100); return '' } })
  const waits = new Set<number>()
  // Ten a second are done: within two seconds of being full, that is known.
  for (const end = Date.now() + 4_000; Date.now() < end;) {
    const answers = await Promise.all(Array.from({ length: 2 }, () => submit({})))
    for (const { statusCode, headers } of answers) if (statusCode === 503) waits.add(Number(headers['retry-after']))
    await sleep(5)
  }
  t.ok(waits.has(1) && Math.max(...waits) > 5, `some are told to come later than others: ${[...waits].join(' ')} s`)
})
