import t, { type Test } from 'tap'
import Fastify from 'fastify'
import { Redis } from 'ioredis'
import { asyncJobs, defineJob, Type, type AsyncJobsOptions, type Processor } from '../../lib/index.js'
import { uniqueName } from '../helpers/engines.js'
import { logLines, type LogLines } from '../helpers/log-lines.js'
import { startRedis, type RedisServer } from '../helpers/redis-server.js'
import { eventually, service, type TestService } from '../helpers/service.js'

/* What goes in and out of a job is in no log, and what goes wrong inside is in no answer. */

const MARK = 'confidential-7f3a'

/** What an answer must not tell: stacks, paths, the store's own words and addresses. */
const INTERNAL = /\bat .*:\d+|node_modules|\.js\b|redis:|127\.0\.0\.1|WRONGTYPE|OOM|READONLY|NOSCRIPT|EVALSHA|HMGET|script:|ioredis|bullmq|the reason/i

const define = () => defineJob({
  name: uniqueName(),
  input: Type.Object({ text: Type.String({ maxLength: 100 }), kind: Type.Optional(Type.String({ enum: ['write', 'throw', 'invalid', 'no JSON'] })) }),
  output: Type.Object({ text: Type.String() }),
  attempts: 1
})
type Definition = ReturnType<typeof define>

const processor: Processor<Definition> = async ({ text, kind }, { write, progress, log }) => {
  log.info('begin')
  await progress(50, 'half')
  switch (kind) {
    case 'write': await write({ text }); break
    case 'throw': throw new Error('the reason')
    case 'invalid': return { text: [text] } as never
    case 'no JSON': return { text, count: 1n } as never
  }
  return { text }
}

interface Bench extends TestService { job: Definition, log: LogLines, redis: Redis, server: RedisServer, key (name: string): string }

async function start (t: Test, options: Partial<AsyncJobsOptions<Definition>> = {}): Promise<Bench> {
  const server = await startRedis()
  t.teardown(() => server.stop())
  const redis = new Redis(server.url)
  t.teardown(() => { redis.disconnect() })
  const log = logLines()
  const app = Fastify({ logger: { level: 'trace', stream: log } })
  t.teardown(() => app.close())
  const job = define()
  await app.register(asyncJobs, { job, prefix: '/jobs', connection: server.url, ...options } as AsyncJobsOptions)
  await app.ready()
  return { ...service(app, '/jobs'), job, log, redis, server, key: name => `bull:${job.name}:${name}` }
}

const text = `${MARK} ${'x'.repeat(20)}`

t.test('the lives of jobs', async t => {
  const { app, submit, until, result, log } = await start(t, { processor })
  for (const [kind, end] of [[undefined, 'completed'], ['write', 'completed'], ['throw', 'failed'], ['invalid', 'failed'], ['no JSON', 'failed']] as const) {
    const { body: { jobId } } = await submit({ text, ...(kind !== undefined && { kind }) }, { 'idempotency-key': (kind ?? 'none').replace(' ', '-') })
    await until(jobId, end)
    const answer = await result(jobId)
    t.notMatch(JSON.stringify(answer), INTERNAL)
    if (end === 'completed') t.match(answer.body, { text })
    await app.inject(`/jobs/events/${jobId}`)
    await app.inject({ method: 'POST', url: `/jobs/cancel/${jobId}` })
  }
  t.match(log.text(), /The attempt failed/)
  t.notMatch(log.text(), MARK)
})

t.test('inputs that are refused', async t => {
  const { app, log, submit } = await start(t)
  const post = (payload: string, type = 'application/json') => app.inject({ method: 'POST', url: '/jobs', payload, headers: { 'content-type': type } })
  const answers = [
    await post(`{"text":"${MARK}`), await post(`{"text":${MARK}}`), await post(MARK), await post(MARK, 'text/plain'), await post(MARK, 'application/xml'), await post(MARK, MARK),
    await post(JSON.stringify({ text, kind: MARK })), await post(JSON.stringify({ text: text.repeat(10) })), await post(JSON.stringify({ [MARK]: MARK })), await post(JSON.stringify({ text: { [MARK]: MARK } })),
    await post(JSON.stringify({ text, __proto__: 1, constructor: { prototype: MARK } })), await post(`{"text":"${MARK}","__proto__":{"a":1}}`)
  ]
  for (const { statusCode, body } of answers) {
    t.ok(statusCode === 400 || statusCode === 415, body)
    t.notMatch(body, MARK)
    t.notMatch(body, INTERNAL)
  }
  await submit({ text }, { 'idempotency-key': 'k' })
  t.match(await submit({ text: `${text}.` }, { 'idempotency-key': 'k' }), { statusCode: 422 })
  t.notMatch(log.text(), MARK)
})

t.test('a store that refuses what gateways ask', async t => {
  const { app, log, submit, redis, server, key } = await start(t)
  const { body: { jobId } } = await submit({ text }, { 'idempotency-key': 'k' })
  const ask = async (): Promise<void> => {
    const answers = await Promise.all([
      submit({ text }), submit({ text }, { 'idempotency-key': 'k' }), submit({ text }, { prefer: 'wait=1' }),
      ...['status', 'result', 'events'].map(route => app.inject(`/jobs/${route}/${jobId}`)), app.inject({ method: 'POST', url: `/jobs/cancel/${jobId}` })
    ])
    for (const answer of answers) t.notMatch(JSON.stringify([answer.headers, answer.body]), INTERNAL)
    t.match(answers.map(({ statusCode }) => statusCode), answers.map(() => /^(202|503|200|409)$/))
    t.ok(answers.some(({ statusCode }) => statusCode === 503))
  }
  await redis.config('SET', 'maxmemory', '1')
  await ask()
  await redis.config('SET', 'maxmemory', '0')
  await redis.config('SET', 'min-replicas-to-write', '3')
  await ask()
  await redis.config('SET', 'min-replicas-to-write', '0')
  for (const name of [jobId, 'completed', 'wait', 'meta', 'events', 'marker', 'delayed', `${jobId}:logs`]) {
    await t.test(`the wrong type of ${name.replace(jobId, 'a job')}`, async t => {
      await redis.rename(key(name), 'aside').catch(() => {})
      await redis.geoadd(key(name), 1, 1, 'wrong')
      if (name === 'delayed' || name === 'completed' || name === 'marker') await redis.set(key(name), 'wrong')
      const answers = await Promise.all([submit({ text }), ...['status', 'result', 'events'].map(route => app.inject(`/jobs/${route}/${jobId}`)), app.inject({ method: 'POST', url: `/jobs/cancel/${jobId}` })])
      for (const answer of answers) t.notMatch(JSON.stringify([answer.headers, answer.body]), INTERNAL)
      t.match(answers.map(({ statusCode }) => statusCode), answers.map(() => /^(202|503|500|200|409|404)$/))
      await redis.del(key(name))
      await redis.rename('aside', key(name)).catch(() => {})
    })
  }
  server.pause()
  const frozen = await Promise.all([submit({ text }), app.inject(`/jobs/status/${jobId}`)])
  server.resume()
  for (const { statusCode } of frozen) t.equal(statusCode, 503)
  t.match(log.text(), /OOM/)
  t.match(log.text(), /WRONGTYPE/)
  t.notMatch(log.text(), MARK)
})

t.test('a store that refuses what workers tell', async t => {
  for (const name of ['logs', 'events', 'completed', 'failed']) {
    await t.test(name, async t => {
      const { submit, log, redis, key, app } = await start(t, {
        processor: async (input, context) => {
          await redis.set(key(name === 'logs' ? `${context.jobId}:logs` : name), 'wrong')
          return await processor(input, context)
        },
        worker: { lockDuration: 500, closeTimeout: 0 }
      })
      await submit({ text, kind: name === 'failed' ? 'throw' : 'write' })
      await eventually(async () => log.text(), lines => lines.includes('WRONGTYPE'))
      await app.close()
      t.notMatch(log.text(), MARK)
    })
  }
})
