import t from 'tap'
import { setTimeout as sleep } from 'node:timers/promises'
import { defineJob, Type } from '../../lib/index.js'
import { onEachEngine, redisUrl, uniqueName } from '../helpers/engines.js'
import { eventually, startService } from '../helpers/service.js'

const schemas = { input: Type.Object({}), output: Type.String() }

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
  t.ok(waits.has(1) && waits.has(2), `some are told to come later than others: ${[...waits].join(' ')} s`)
})
