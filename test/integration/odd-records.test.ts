import t, { type Test } from 'tap'
import Fastify from 'fastify'
import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import type { Job } from '../../types/job.js'
import { asyncJobs, defineJob, Type } from '../../lib/index.js'
import { redisUrl, uniqueName } from '../helpers/engines.js'
import { logLines } from '../helpers/log-lines.js'
import { all, listen, openSocket, openStream } from '../helpers/watch.js'

/* Records that somebody else has damaged, as they may lie in a Redis. What can be told is told. */

const CREATED = '2026-01-01T00:00:00.000Z'
const timestamp = String(Date.parse(CREATED))
const finished = { timestamp, processedOn: timestamp, finishedOn: timestamp }
const LARGE = 'x'.repeat(10_000_000)

/** A hash of these fields, and what a client is told. */
const RECORDS: Array<[name: string, record: Record<string, string>, told: Partial<Job>]> = [
  ['options that are not JSON', { timestamp, opts: '{' }, { status: 'pending', maxAttempts: 1, createdAt: CREATED }],
  ['options that are null', { timestamp, opts: 'null' }, { status: 'pending', maxAttempts: 1 }],
  ['options that are a list', { timestamp, opts: '[1]' }, { status: 'pending', maxAttempts: 1 }],
  ['no options', { timestamp }, { status: 'pending', maxAttempts: 1 }],
  ['options of other types', { timestamp, opts: '{"attempts":"x","delay":{},"startBy":"1","removeOnComplete":{"age":"1"}}' }, { status: 'pending', maxAttempts: 1 }],
  ['a retention without end', { ...finished, opts: '{"removeOnFail":{"age":1e300}}', failedReason: 'no' }, { status: 'failed', expiresAt: '+275760-09-13T00:00:00.000Z' }],
  ['progress that is not JSON', { timestamp, opts: '{}', progress: '{' }, { status: 'pending', progress: 0 }],
  ['progress of another type', { timestamp, opts: '{}', progress: '"half"' }, { status: 'pending', progress: 0 }],
  ['progress without end', { timestamp, opts: '{}', progress: `"${LARGE}"` }, { status: 'pending', progress: 0 }],
  ['a start that is no time', { timestamp, opts: '{}', processedOn: 'soon' }, { status: 'pending', attempt: 0 }],
  ['an end that is no time', { timestamp, opts: '{}', finishedOn: 'soon', failedReason: 'no' }, { status: 'failed' }],
  ['attempts that are no number', { timestamp, opts: '{}', atm: 'many' }, { status: 'pending', attempt: 0 }],
  ['a creation before all time', { timestamp: '-1e300', opts: '{}' }, { status: 'pending', createdAt: '-271821-04-20T00:00:00.000Z' }],
  ['a reason without end', { ...finished, opts: '{}', failedReason: LARGE }, { status: 'failed', error: { code: 'PROCESSOR_ERROR', message: String } as never }],
  ['a failure without end', { ...finished, opts: '{}', failedReason: `JobError {"code":"A","message":"${LARGE}"}` }, { status: 'failed', error: { code: 'PROCESSOR_ERROR', message: String } as never }]
]

/** What is stored under the key of a job that cannot be shown. */
const UNREADABLE: Array<[name: string, store: (client: Redis, key: string) => Promise<unknown>]> = [
  ['a creation that is no time', (client, key) => client.hset(key, { timestamp: 'soon', opts: '{}' })],
  ['an empty creation time', (client, key) => client.hset(key, { timestamp: 'NaN', opts: '{}' })],
  ['a text', (client, key) => client.set(key, 'text')],
  ['a list', (client, key) => client.rpush(key, 'a')],
  ['a sorted set', (client, key) => client.zadd(key, 1, 'a')]
]

async function setup (t: Test, owner?: () => string) {
  const lines = logLines()
  const job = defineJob({ name: uniqueName(), input: Type.Object({}), output: Type.Null() })
  const app = Fastify({ logger: { level: 'warn', stream: lines } })
  t.teardown(() => app.close())
  await app.register(asyncJobs, { prefix: '/jobs', job, connection: redisUrl(), ...(owner && { owner }) })
  const client = new Redis(redisUrl())
  t.teardown(() => { client.disconnect() })
  return { app, client, lines, keyOf: (jobId: string) => `bull:${job.name}:${jobId}` }
}

t.test('what can be told is told', async t => {
  const { app, client, lines, keyOf } = await setup(t)
  for (const [name, record, told] of RECORDS) {
    const jobId = randomUUID()
    await client.hset(keyOf(jobId), record)
    const answer = await app.inject(`/jobs/status/${jobId}`)
    t.equal(answer.statusCode, 200, name)
    t.match(answer.json(), { jobId, ...told }, name)
    t.ok(answer.body.length < 2_000, name)
    t.match((await app.inject(`/jobs/result/${jobId}`)).statusCode, 409, name)
    if (told.status === 'pending') t.match((await app.inject({ method: 'POST', url: `/jobs/cancel/${jobId}` })).json(), { status: 'canceled' }, name)
  }
  t.strictSame(lines.lines(), [])
})

t.test('a retention that was over before all time', async t => {
  const { app, client, keyOf } = await setup(t)
  const jobId = randomUUID()
  await client.hset(keyOf(jobId), { ...finished, opts: '{"removeOnFail":{"age":-1e300}}' })
  t.match((await app.inject(`/jobs/status/${jobId}`)).json(), { status: 410, code: 'JOB_EXPIRED' })
})

t.test('partial output under a key of another type is none', async t => {
  const { app, client, keyOf } = await setup(t)
  const jobId = randomUUID()
  await client.hset(keyOf(jobId), { ...finished, opts: '{}', failedReason: 'no' })
  await client.set(`${keyOf(jobId)}:logs`, 'text')
  const { events } = await openStream(t, `${await listen(app)}/jobs/events/${jobId}`)
  t.match(await all(events), [{ event: 'job', data: { status: 'failed' } }])
})

t.test('what cannot be told is a problem of its own, and in the log', async t => {
  const { app, client, lines, keyOf } = await setup(t)
  const url = await listen(app)
  const { send, next } = await openSocket(t, `${url}/jobs/socket`)
  for (const [name, store] of UNREADABLE) {
    const jobId = randomUUID()
    await store(client, keyOf(jobId))
    const problem = { status: 500, code: 'JOB_UNREADABLE', jobId, detail: 'The job cannot be shown: what is stored of it is damaged.' }
    for (const path of [`status/${jobId}`, `status/${jobId}?wait=20`, `result/${jobId}`, `result/${jobId}?wait=20`, `events/${jobId}`]) {
      const answer = await app.inject(`/jobs/${path}`)
      t.match(answer.json(), problem, `${name}: ${path}`)
      t.equal(answer.headers['retry-after'], undefined)
    }
    t.match((await app.inject({ method: 'POST', url: `/jobs/cancel/${jobId}` })).json(), problem, `${name}: cancel`)
    send({ type: 'subscribe', jobId })
    t.match(await next(), { type: 'error', jobId, problem }, `${name}: socket`)
    const told = lines.lines().filter(line => line['jobId'] === jobId)
    t.match(told, Array.from({ length: 7 }, () => ({ level: 50, err: { message: /^What is stored of the job cannot be read: / } })), name)
  }
})

t.test('with owners, a damaged record is nobody\'s', async t => {
  const { app, client, lines, keyOf } = await setup(t, () => 'alice')
  const damaged: typeof UNREADABLE = [
    ...UNREADABLE,
    ...['{', 'null', '5', '[]', '{"owner":5}'].map((opts): typeof UNREADABLE[number] => [opts, (client, key) => client.hset(key, { timestamp, opts })])
  ]
  for (const [name, store] of damaged) {
    const jobId = randomUUID()
    await store(client, keyOf(jobId))
    t.match(await app.inject(`/jobs/status/${jobId}`), { statusCode: 404 }, name)
  }
  t.strictSame(lines.lines(), [])
  const jobId = randomUUID()
  await client.hset(keyOf(jobId), { timestamp: 'soon', opts: '{"owner":"alice"}' })
  t.match((await app.inject(`/jobs/status/${jobId}`)).json(), { code: 'JOB_UNREADABLE' }, 'unless it says whose it is')
})
