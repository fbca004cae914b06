import t from 'tap'
import { Type, type TSchema } from '@sinclair/typebox'
import { Redis } from 'ioredis'
import { createChecks } from '../../lib/definition/checks.js'
import { createWorker, defineJob } from '../../lib/index.js'
import { createOutputReader } from '../../lib/job/stored-output.js'
import { onEachEngine, postgresUrl, redisUrl, silent, uniqueName } from '../helpers/engines.js'
import { foreignWorker } from '../helpers/foreign-worker.js'
import { logLines } from '../helpers/log-lines.js'
import { eventually, startService } from '../helpers/service.js'

const input = Type.Object({})
const number = Type.Object({ n: Type.Number() }, { additionalProperties: false })
const invalid = { status: 500, code: 'OUTPUT_INVALID', detail: 'The output of the job does not have the promised form.' }

t.test('what our workers have checked is passed on as it is, all else is checked', async t => {
  const read = createOutputReader(createChecks({ name: 'job', input, output: number }).output)
  t.equal(await read('id', { text: '{ "older": "schema" }', checked: true }), '{ "older": "schema" }')
  t.equal(await read('id', { text: '{ "n": 1, "more": 2 }', checked: false }), '{"n":1}')
  const cases: Array<[text: string, reason: string]> = [
    ['null', 'The output must be object'],
    ['{"n":"1"}', 'The output /n must be number'],
    ['{"n":', 'The output is not JSON']
  ]
  for (const [text, message] of cases) await t.rejects(read('id', { text, checked: false }), { code: 'OUTPUT_INVALID', statusCode: 500, jobId: 'id', cause: { message } }, text)
})

for (const [kind, connectionOf] of [['Redis', redisUrl], ['PostgreSQL', postgresUrl]] as const) {
  t.test(`what another worker stores on ${kind}`, async t => {
    const outputs: Array<[output: unknown, schema: TSchema, answered?: unknown]> = [
      [{ n: 1 }, number, { n: 1 }],
      [{ n: 1, more: 2 }, number, { n: 1 }],
      [null, Type.Null(), null],
      ['null', Type.String(), 'null'],
      ['text', number],
      [null, number],
      [{ n: '1' }, number]
    ]
    for (const [output, schema, answered] of outputs) {
      const job = defineJob({ name: uniqueName(), input, output: schema })
      const log = logLines()
      const { app, submit, status, result } = await startService(t, { job, connection: connectionOf() }, { logger: { stream: log } })
      await foreignWorker(t, connectionOf(), job.name, async () => output)
      const { body: { jobId } } = await submit({})
      await eventually(() => status(jobId), ({ body }) => body.status === 'completed')
      const answers = [await result(jobId), await submit({}, { prefer: 'wait=10' })]
      const name = JSON.stringify(output)
      if (answered !== undefined) {
        t.strictSame(answers.map(({ statusCode, body }) => [statusCode, body]), [[200, answered], [200, answered]], name)
        t.strictSame(await app.jobs(job).result(jobId), answered, name)
        continue
      }
      for (const answer of answers) t.match(answer, { statusCode: 500, headers: { 'content-type': /^application\/problem\+json/ }, body: invalid }, name)
      t.match(answers[0]?.body, { jobId })
      t.match(log.lines().find(line => line['jobId'] === jobId), { level: 50, err: { message: /^The output / } }, 'the log knows which')
      await t.rejects(app.jobs(job).wait(jobId), { code: 'OUTPUT_INVALID', jobId })
    }
  })

  t.test(`what an older deployment has stored on ${kind}`, async t => {
    const name = uniqueName()
    const older = defineJob({ name, input, output: Type.Object({ old: Type.String() }) })
    const newer = defineJob({ name, input, output: number })
    const { submit, result, until, app } = await startService(t, { job: newer, connection: connectionOf() })
    const worker = createWorker(older, () => ({ old: 'form' }), { connection: connectionOf(), log: silent })
    t.teardown(() => worker.close())
    const { body: { jobId } } = await submit({})
    await until(jobId, 'completed')
    t.match(await result(jobId), { statusCode: 200, body: { old: 'form' } })
    t.strictSame(await app.jobs(newer).result(jobId), { old: 'form' })
  })
}

t.test('a job that our worker began, and another completed', async t => {
  for (const connection of [redisUrl(), postgresUrl()]) {
    const job = defineJob({ name: uniqueName(), input, output: number, backoff: { type: 'fixed', delay: 1_000 } })
    const { submit, status, until, result } = await startService(t, { job, connection })
    const worker = createWorker(job, () => { throw new Error('not here') }, { connection, log: silent })
    const { body: { jobId } } = await submit({})
    await eventually(() => status(jobId), ({ body }) => body.attempt === 1 && body.status === 'pending')
    await worker.close()
    await foreignWorker(t, connection, job.name, async () => 'text')
    await until(jobId, 'completed')
    t.match(await result(jobId), { statusCode: 500, body: invalid })
  }
})

t.test('a job that has no output', async t => {
  const redis = new Redis(redisUrl())
  t.teardown(() => { redis.disconnect() })
  for (const [output, answer] of [[Type.Null(), { statusCode: 200, body: null }], [number, { statusCode: 500, body: invalid }]] as const) {
    const job = defineJob({ name: uniqueName(), input, output })
    const { submit, until, result } = await startService(t, { job, connection: redisUrl(), processor: () => null as never })
    const { body: { jobId } } = await submit({})
    if (output !== number) await until(jobId, 'completed')
    else await redis.multi().hset(`bull:${job.name}:${jobId}`, { finishedOn: Date.now() }).zadd(`bull:${job.name}:completed`, Date.now(), jobId).exec()
    await redis.hdel(`bull:${job.name}:${jobId}`, 'returnvalue')
    t.match(await result(jobId), answer)
  }
})

t.test('on the wire it is plain BullMQ', t => onEachEngine(t, async (t, { connection }) => {
  const job = defineJob({ name: uniqueName(), input, output: number })
  const { app, submit, until } = await startService(t, { job, connection, processor: () => ({ n: 1 }) })
  const { body: { jobId } } = await submit({})
  await until(jobId, 'completed')
  t.strictSame((await app.jobs(job).queue.getJob(jobId))?.returnvalue, { n: 1 })
}))
