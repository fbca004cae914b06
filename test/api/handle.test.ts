import t from 'tap'
import { getEventListeners } from 'node:events'
import { defineJob, Type, type JobEvent } from '../../lib/index.js'
import { onEachEngine, redisUrl, uniqueName } from '../helpers/engines.js'
import { startService } from '../helpers/service.js'
import { show } from '../../lib/definition/complete.js'

const schemas = { input: Type.Object({ text: Type.String() }), output: Type.Object({ length: Type.Number() }) }

t.test('does for the host what the routes do', t => onEachEngine(t, async (t, { connection }) => {
  const job = defineJob({ ...schemas, name: uniqueName() })
  const { app, until, status } = await startService(t, {
    job,
    connection,
    publicUrl: 'https://api.example.com',
    processor: ({ text }) => {
      if (text === '') throw new Error()
      return { length: text.length }
    }
  })
  const jobs = app.jobs(job)
  const submitted = await jobs.submit({ text: 'hello' })
  t.equal(submitted.links.status, `https://api.example.com/jobs/status/${submitted.jobId}`)
  await until(submitted.jobId, 'completed')
  t.strictSame(await jobs.status(submitted.jobId), (await status(submitted.jobId)).body)
  t.strictSame(await jobs.result(submitted.jobId), { length: 5 })
  t.equal(jobs.queue.name, job.name)
}))

t.test('throws the errors of the contract', t => onEachEngine(t, async (t, { connection }) => {
  const job = defineJob({ ...schemas, name: uniqueName() })
  const { app } = await startService(t, { job, connection })
  const jobs = app.jobs(job)
  await t.rejects(jobs.submit({ text: 5 } as never), { code: 'INPUT_INVALID', statusCode: 400, message: 'The input is not valid: /text must be string' })
  await t.rejects(jobs.submit({ text: 1n } as never), { code: 'INPUT_INVALID', message: 'The input is not valid: it is not JSON' })
  await t.rejects(jobs.submit(undefined as never), { code: 'INPUT_INVALID', message: 'The input is not valid: it is not JSON, but of type undefined' })
  await t.rejects(jobs.status('unknown'), { code: 'JOB_NOT_FOUND', statusCode: 404 })
  const { jobId } = await jobs.submit({ text: 'a' })
  await t.rejects(jobs.result(jobId), { code: 'JOB_NOT_FINISHED', statusCode: 409, message: 'The job is not finished, its status is pending' })
  t.throws(() => app.jobs(defineJob({ ...schemas, name: 'another' })), { code: 'JOB_NOT_REGISTERED', message: /no job "another" is registered here/ })
}))

t.test('waits for the output', t => onEachEngine(t, async (t, { connection }) => {
  const job = defineJob({ ...schemas, name: uniqueName(), attempts: 1 })
  const { app } = await startService(t, { job, connection, processor: ({ text }) => { if (text === '') throw new Error(); return { length: text.length } } })
  const jobs = app.jobs(job)
  t.strictSame(await jobs.wait((await jobs.submit({ text: 'hello' })).jobId), { length: 5 })
  await t.rejects(jobs.wait((await jobs.submit({ text: '' })).jobId, { timeout: 60_000 }), { code: 'JOB_FAILED' })
  await t.rejects(jobs.wait('unknown'), { code: 'JOB_NOT_FOUND' })
}))

t.test('waits so long, and until it is told to stop', t => onEachEngine(t, async (t, { connection }) => {
  const job = defineJob({ ...schemas, name: uniqueName() })
  const { app } = await startService(t, { job, connection })
  const jobs = app.jobs(job)
  const { jobId } = await jobs.submit({ text: 'a' })
  await t.rejects(jobs.wait(jobId, { timeout: 1 }), { code: 'JOB_NOT_FINISHED' })
  const enough = new Error('enough')
  await t.rejects(jobs.wait(jobId, { signal: AbortSignal.abort(enough) }), enough)
  const controller = new AbortController()
  const waiting = t.rejects(jobs.wait(jobId, { signal: controller.signal }), enough)
  controller.abort(enough)
  await waiting
  t.match(await jobs.cancel(jobId), { status: 'canceled' })
  await t.rejects(jobs.wait(jobId), { code: 'JOB_CANCELED' })
}))

t.test('tells of a job until it is final', t => onEachEngine(t, async (t, { connection }) => {
  const job = defineJob({ ...schemas, name: uniqueName() })
  const { app } = await startService(t, { job, connection, processor: async ({ text }, { write }) => { for (const letter of text) await write(letter); return { length: text.length } } })
  const jobs = app.jobs(job)
  const { jobId } = await jobs.submit({ text: 'abc' })
  const events: JobEvent[] = []
  for await (const event of jobs.events(jobId)) events.push(event)
  t.strictSame(events.flatMap(event => event.type === 'output' ? [event.data] : []), ['a', 'b', 'c'])
  t.strictSame(events.at(-1), { type: 'job', id: events.at(-1)?.id, job: await jobs.status(jobId) })
  const rest: JobEvent[] = []
  for await (const event of jobs.events(jobId, { after: events.at(-2)?.id })) rest.push(event)
  t.strictSame(rest, events.slice(-1))
  for await (const event of jobs.events(jobId, { after: events.at(-1)?.id })) t.fail(event.id)
  await t.rejects(jobs.events('unknown').next(), { code: 'JOB_NOT_FOUND' })
}))

t.test('or until nobody listens', t => onEachEngine(t, async (t, { connection }) => {
  const job = defineJob({ ...schemas, name: uniqueName() })
  const { app } = await startService(t, { job, connection })
  const jobs = app.jobs(job)
  const { jobId } = await jobs.submit({ text: 'a' })
  const events = jobs.events(jobId)
  t.match((await events.next()).value, { type: 'job', job: { status: 'pending' } })
  t.match(await events.return?.(), { done: true })
  const controller = new AbortController()
  for await (const event of jobs.events(jobId, { signal: controller.signal })) {
    t.match(event, { type: 'job' })
    controller.abort()
  }
  t.pass('an abort is no error')
}))

t.test('a host that closes', t => onEachEngine(t, async (t, { connection }) => {
  const job = defineJob({ ...schemas, name: uniqueName() })
  const { app } = await startService(t, { job, connection })
  const jobs = app.jobs(job)
  const { jobId } = await jobs.submit({ text: 'a' })
  const events = jobs.events(jobId)
  await events.next()
  const ended = [t.rejects(events.next(), { code: 'SERVICE_CLOSING', statusCode: 503 }), t.rejects(jobs.wait(jobId), { code: 'SERVICE_CLOSING' })]
  await jobs.status(jobId)
  await app.close()
  await Promise.all(ended)
}))

t.test('options of one job', t => onEachEngine(t, async (t, { connection }) => {
  const job = defineJob({ ...schemas, name: uniqueName() })
  const { app } = await startService(t, { job, connection })
  const jobs = app.jobs(job)
  t.match(await jobs.submit({ text: 'a' }, { delay: 60_000 }), { status: 'pending', nextAttemptAt: String })
  const odd: Array<[options: unknown, message: string]> = [
    [null, 'options must be an object; given: null'], ['key', 'options must be an object; given: \'key\''], [[], 'options must be an object; given: []'],
    ...[null, '', 5, {}, new Map(), ['key']].map((key): [object, string] => [{ idempotencyKey: key }, `options.idempotencyKey must be a string that is not empty; given: ${show(key)}`]),
    ...[null, '', 5].map((owner): [object, string] => [{ owner }, `options.owner must be a string that is not empty; given: ${show(owner)}`])
  ]
  for (const [options, message] of odd) {
    await t.rejects(jobs.submit({ text: 'a' }, options as object), { code: 'OPTION_INVALID', message: `fastify-async-jobs: ${message}` })
  }
  await t.rejects(jobs.submit({ text: 'a' }, { priority: -1 }), { code: 'OPTION_INVALID', message: 'fastify-async-jobs: options.priority must be >= 0; given: -1' })
}))

t.test('many waits and iterations may share one signal', async t => {
  const warnings: string[] = []
  const onWarning = ({ message }: Error): void => { warnings.push(message) }
  process.on('warning', onWarning)
  t.teardown(() => { process.off('warning', onWarning) })
  const job = defineJob({ ...schemas, name: uniqueName() })
  const { app } = await startService(t, { job, connection: redisUrl() })
  const jobs = app.jobs(job)
  const { jobId } = await jobs.submit({ text: 'a' })
  const { signal, abort } = abortable()
  const iterations = Array.from({ length: 20 }, () => jobs.events(jobId, { signal }))
  t.equal((await Promise.all(iterations.map(events => events.next()))).length, 20)
  const waits = Array.from({ length: 20 }, () => t.rejects(jobs.wait(jobId, { signal }), { message: 'enough' }))
  await new Promise(resolve => { setImmediate(resolve) })
  t.equal(getEventListeners(signal, 'abort').length, 1)
  abort(new Error('enough'))
  await Promise.all(waits)
  for (const events of iterations) t.same(await events.next(), { done: true })
  await new Promise(resolve => { setImmediate(resolve) })
  t.strictSame(getEventListeners(signal, 'abort'), [])
  t.strictSame(warnings.filter(message => message.includes('EventTarget')), [])
})

function abortable (): { signal: AbortSignal, abort (reason: Error): void } {
  const controller = new AbortController()
  return { signal: controller.signal, abort: reason => { controller.abort(reason) } }
}
