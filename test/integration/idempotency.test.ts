import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { asyncJobs, createWorker, defineJob, Type, type JobDefinition, type Processor } from '../../lib/index.js'
import { IdempotencyKeyInvalidError } from '../../lib/base/errors.js'
import { onEachEngine, uniqueName } from '../helpers/engines.js'
import { latch } from '../helpers/latch.js'
import { eventually, service, startService } from '../helpers/service.js'

/* The same key and the same input give the same job, whoever is asked. */

const define = (more: Partial<Pick<JobDefinition, 'retention'>> = {}) => defineJob({
  name: uniqueName(),
  input: Type.Object({ text: Type.String(), limit: Type.Optional(Type.Number()), deep: Type.Optional(Type.Object({ a: Type.Number(), b: Type.Number() })) }),
  output: Type.Object({ length: Type.Number() }),
  attempts: 1,
  ...more
})

type Lengths = ReturnType<typeof define>

const measure: Processor<Lengths> = ({ text }) => ({ length: text.length })

const withKey = (key: string): Record<string, string> => ({ 'idempotency-key': key })

t.test('idempotency', t => onEachEngine(t, async (t, { connection }) => {
  const start = (t: Test, job: Lengths, processor?: Processor<Lengths>) => startService(t, { job, connection, processor })

  await t.test('the same key and input: the same job', async t => {
    const job = define()
    const { app, submit, until } = await start(t, job)
    const first = await submit({ text: 'hello', deep: { a: 1, b: 2 } }, withKey('k'))
    t.equal(first.statusCode, 202)
    t.notOk('idempotent-replayed' in first.headers)

    const again = await submit({ deep: { b: 2, a: 1 }, text: 'hello' }, withKey('"k"'))
    t.match(again, { statusCode: 202, headers: { 'idempotent-replayed': 'true', location: first.headers['location'], 'retry-after': '1' }, body: { jobId: first.body.jobId, status: 'pending' } })
    t.equal(await app.jobs(job).queue.getWaitingCount(), 1)

    const worker = createWorker(job, measure, { connection })
    t.teardown(() => worker.close())
    await until(first.body.jobId, 'completed')
    t.match(await submit({ text: 'hello', deep: { a: 1, b: 2 } }, withKey('k')), { statusCode: 202, headers: { 'idempotent-replayed': 'true' }, body: { jobId: first.body.jobId, status: 'completed' } }, 'also when it is final')
  })

  await t.test('other keys, and none: other jobs', async t => {
    const { submit } = await start(t, define())
    const all = await Promise.all([withKey('a'), withKey('A'), withKey('a '.trim() + '.'), {}, {}].map(headers => submit({ text: 'hello' }, headers)))
    t.equal(new Set(all.map(({ body }) => body.jobId)).size, all.length)
    for (const { headers } of all) t.notOk('idempotent-replayed' in headers)
  })

  await t.test('the same key and another input: 422', async t => {
    const job = define()
    const { app, submit } = await start(t, job)
    await submit({ text: 'hello' }, withKey('k'))
    for (const input of [{ text: 'Hello' }, { text: 'hello', limit: 0 }]) {
      const { statusCode, headers, body } = await submit(input, withKey('k'))
      t.match({ statusCode, body }, { statusCode: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED', status: 422 } })
      t.notOk('idempotent-replayed' in headers)
    }
    t.equal(await app.jobs(job).queue.getWaitingCount(), 1)
  })

  await t.test('numbers that JSON does not tell apart', async t => {
    const { app } = await start(t, define())
    const send = () => app.inject({ method: 'POST', url: '/jobs', headers: { 'content-type': 'application/json', ...withKey('k') }, payload: '{"text":"","limit":-0}' })
    t.equal((await send()).json<{ jobId: string }>().jobId, (await send()).json<{ jobId: string }>().jobId)
  })

  await t.test('what is no key: 400, and no job', async t => {
    const job = define()
    const { app, submit } = await start(t, job)
    for (const key of ['', '"a', 'a b', 'x'.repeat(256)]) {
      t.match(await submit({ text: 'hello' }, withKey(key)), { statusCode: 400, body: { code: 'IDEMPOTENCY_KEY_INVALID', status: 400, detail: new IdempotencyKeyInvalidError().message } })
    }
    t.match(await submit({}, withKey('k')), { statusCode: 400, body: { code: 'INPUT_INVALID' } })
    t.equal(await app.jobs(job).queue.getWaitingCount(), 0)
    t.match(await submit({ text: 'hello' }, withKey('k')), { statusCode: 202 }, 'an input that was refused used up no key')
  })

  await t.test('many at a time, through two services', async t => {
    const job = define()
    const [one, other] = [await start(t, job), await start(t, job)]
    const all = await Promise.all(Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? one : other).submit({ text: 'hello' }, withKey('k'))))
    t.equal(new Set(all.map(({ body }) => body.jobId)).size, 1)
    t.equal(all.filter(({ headers }) => headers['idempotent-replayed'] === undefined).length, 1)
    t.equal(await one.app.jobs(job).queue.getWaitingCount(), 1)
  })

  await t.test('a key is free when its job is gone', async t => {
    const job = define()
    const { app, submit } = await start(t, job)
    const first = await submit({ text: 'hello' }, withKey('k'))
    await (await app.jobs(job).queue.getJob(first.body.jobId))?.remove()
    const next = await submit({ text: 'another' }, withKey('k'))
    t.equal(next.statusCode, 202)
    t.not(next.body.jobId, first.body.jobId)
  })

  await t.test('a key is free when its job has expired', async t => {
    const job = define({ retention: { completed: 1, failed: 1 } })
    const { submit, status, until } = await start(t, job, measure)
    const first = await submit({ text: 'hello' }, withKey('k'))
    await until(first.body.jobId, 'completed')
    await eventually(() => status(first.body.jobId), ({ statusCode }) => statusCode !== 200)
    const next = await submit({ text: 'another' }, withKey('k'))
    t.equal(next.statusCode, 202)
    t.not(next.body.jobId, first.body.jobId)
    t.notOk('idempotent-replayed' in next.headers)
  })

  await t.test('a job that waits for longer than it will be kept has its key all that time', async t => {
    const job = define({ retention: { completed: 1, failed: 1 } })
    const { submit } = await start(t, job)
    const first = await submit({ text: 'hello' }, withKey('k'))
    const submitted = Date.now()
    await eventually(async () => Date.now() - submitted, passed => passed > 1_200)
    t.match(await submit({ text: 'hello' }, withKey('k')), { headers: { 'idempotent-replayed': 'true' }, body: { jobId: first.body.jobId } })
  })

  await t.test('deployments side by side: what the client sent is compared, and the public address is no part of the key', async t => {
    const name = uniqueName()
    const output = Type.Object({ length: Type.Number() })
    const old = defineJob({ name, input: Type.Object({ text: Type.String() }), output })
    const withDefault = defineJob({ name, input: Type.Object({ text: Type.String(), language: Type.String({ default: 'en' }) }, { additionalProperties: false }), output })
    const first = await startService(t, { job: old, connection })
    const later = await startService(t, { job: withDefault, connection, publicUrl: 'https://api.example.com/v2' })
    const sent = { text: 'hello' }
    const { body: { jobId } } = await first.submit(sent, withKey('k'))
    for (const { submit } of [later, first, later]) {
      t.match(await submit(sent, withKey('k')), { statusCode: 202, headers: { 'idempotent-replayed': 'true' }, body: { jobId } })
    }
    const another = await later.submit(sent, withKey('l'))
    t.match(await first.submit(sent, withKey('l')), { headers: { 'idempotent-replayed': 'true' }, body: { jobId: another.body.jobId } })
    t.match(await later.submit({ ...sent, language: 'en' }, withKey('l')), { statusCode: 422 }, 'other bytes are another input, also where the default makes it the same')
    const handle = later.app.jobs(withDefault)
    t.equal((await handle.submit(sent, { idempotencyKey: 'l' })).jobId, another.body.jobId, 'the host\'s own code, too')
    t.equal(await first.app.jobs(old).queue.getWaitingCount(), 2)
  })

  await t.test('two tenants', async t => {
    const job = define()
    const app = Fastify()
    t.teardown(() => app.close())
    await app.register(asyncJobs, { job, connection, prefix: '/:tenant/jobs' })
    const acme = service(app, '/acme/jobs')
    const other = service(app, '/other/jobs')
    const first = await acme.submit({ text: 'hello' }, withKey('k'))
    const second = await other.submit({ text: 'goodbye' }, withKey('k'))
    t.same([first.statusCode, second.statusCode], [202, 202])
    t.not(first.body.jobId, second.body.jobId)
    t.equal((await acme.submit({ text: 'hello' }, withKey('k'))).body.jobId, first.body.jobId)
    t.equal((await other.submit({ text: 'goodbye' }, withKey('k'))).body.jobId, second.body.jobId)
  })

  await t.test('with Prefer: wait', async t => {
    const go = latch()
    const job = define()
    const { submit } = await start(t, job, async input => { await go.promise; return measure(input, undefined as never) })
    const prefer = { ...withKey('k'), prefer: 'wait=10' }
    const waiting = [submit({ text: 'hello' }, prefer), submit({ text: 'hello' }, prefer)]
    go.open()
    const answers = await Promise.all(waiting)
    for (const { statusCode, body, headers } of answers) {
      t.match({ statusCode, body }, { statusCode: 200, body: { length: 5 } })
      t.match(headers, { 'preference-applied': 'wait=10', 'content-location': answers[0]?.headers['content-location'] })
    }
    t.same(answers.map(({ headers }) => headers['idempotent-replayed']).sort(), ['true', undefined])
  })

  await t.test('the host\'s own submissions', async t => {
    const job = define()
    const { app, submit } = await start(t, job)
    const jobs = app.jobs(job)
    const first = await jobs.submit({ text: 'hello' }, { idempotencyKey: 'k' })
    t.equal((await jobs.submit({ text: 'hello' }, { idempotencyKey: 'k', priority: 1 })).jobId, first.jobId)
    t.equal((await submit({ text: 'hello' }, withKey('k'))).body.jobId, first.jobId, 'the same key as a client\'s')
    await t.rejects(jobs.submit({ text: 'other' }, { idempotencyKey: 'k' }), { code: 'IDEMPOTENCY_KEY_REUSED' })
    const any = 'whatever: ünd 😀 \n'.repeat(100)
    t.equal((await jobs.submit({ text: 'x' }, { idempotencyKey: any })).jobId, (await jobs.submit({ text: 'x' }, { idempotencyKey: any })).jobId)
  })
}))
