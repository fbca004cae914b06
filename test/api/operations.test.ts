import t, { type Test } from 'tap'
import { defineJob, JobError, Type } from '../../lib/index.js'
import { createChecks } from '../../lib/definition/checks.js'
import { leaseEngine } from '../../lib/engine/index.js'
import { openJobEvents } from '../../lib/events/job-events.js'
import { jobOperations, retryAfter, type Caller, type JobOperations } from '../../lib/api/operations.js'
import { openJobQueue } from '../../lib/queue/job-queue.js'
import { createOutputReader } from '../../lib/job/stored-output.js'
import { onEachEngine, silent, uniqueName } from '../helpers/engines.js'
import { eventually, startService } from '../helpers/service.js'

const schemas = { input: Type.Object({ text: Type.String() }), output: Type.Object({ length: Type.Number() }) }
const at = (base: string): Caller => ({ path: base, base, owner: undefined })
const host = at('')
const never = new AbortController().signal

async function open (t: Test, connection: string, options: object = {}): Promise<{ operations: JobOperations, job: ReturnType<typeof defineJob> }> {
  const job = defineJob({ ...schemas, name: uniqueName(), attempts: 1, ...options })
  const { engine, release } = await leaseEngine(connection, {}, silent)
  const queue = openJobQueue(engine, job)
  const events = openJobEvents(engine, job, queue, silent)
  t.teardown(async () => {
    await events.close()
    await release()
  })
  return { operations: jobOperations(queue, events, { min: 1_000, max: 1_000 }, createOutputReader(createChecks(job).output)), job }
}

t.test('what can be asked of a job, from its submission to its end', t => onEachEngine(t, async (t, { connection }) => {
  const { operations, job } = await open(t, connection)
  const { job: submitted } = await operations.submit({ text: 'abc' }, {}, at('/base'))
  const { jobId } = submitted
  t.match(submitted, { status: 'pending', links: { status: `/base/status/${jobId}` } })
  t.strictSame(await operations.status(jobId, at('/other')), await operations.status(jobId, at('/other'), { timeout: 0, signal: never }), 'with a wait that is over at once, too')
  await t.rejects(operations.result(jobId, host), { code: 'JOB_NOT_FINISHED', statusCode: 409, jobId, headers: { 'retry-after': '1' } })
  const waiting = operations.result(jobId, host, { timeout: Infinity, signal: never })
  const stream = await operations.events(jobId, at('/base'), { after: undefined, signal: never })
  await startService(t, { job, connection, processor: input => ({ length: (input as { text: string }).text.length }) })
  t.strictSame(JSON.parse(await waiting), { length: 3 })
  const told = []
  for await (const event of stream ?? []) told.push(event)
  t.match(told.at(-1), { type: 'job', job: { status: 'completed', links: { status: `/base/status/${jobId}` } } })
  t.equal(await operations.events(jobId, host, { after: told.at(-1)?.id, signal: never }), undefined)
  await t.rejects(operations.cancel(jobId, host), { code: 'JOB_ALREADY_FINISHED', message: 'The job cannot be canceled, it is completed.', jobId })
}))

t.test('a job that failed, or was canceled', t => onEachEngine(t, async (t, { connection }) => {
  const { operations, job } = await open(t, connection)
  const { job: canceled } = await operations.submit({ text: '' }, {}, host)
  t.match(await operations.cancel(canceled.jobId, host), { status: 'canceled' })
  t.match(await operations.cancel(canceled.jobId, host), { status: 'canceled' }, 'again')
  await t.rejects(operations.result(canceled.jobId, host), { code: 'JOB_CANCELED', statusCode: 409, jobId: canceled.jobId })
  await startService(t, {
    job,
    connection,
    processor: input => {
      if ((input as { text: string }).text === 'status') throw new JobError('NO_TEXT', 'There is no text', { status: 422, data: 1 })
      throw new Error('secret')
    }
  })
  for (const [text, error] of [['', { statusCode: 409, error: { code: 'PROCESSOR_ERROR' } }], ['status', { statusCode: 422, message: 'There is no text', error: { code: 'NO_TEXT', message: 'There is no text', data: 1 } }]] as const) {
    const { job: { jobId } } = await operations.submit({ text }, {}, host)
    await t.rejects(operations.result(jobId, host, { timeout: Infinity, signal: never }), { code: 'JOB_FAILED', jobId, ...error })
  }
}))

t.test('a job that is not there, or no more', t => onEachEngine(t, async (t, { connection }) => {
  const { operations } = await open(t, connection, { retention: { completed: 1, failed: 1 } })
  const wait = { timeout: Infinity, signal: never }
  const questions: Array<(jobId: string) => Promise<unknown>> = [
    id => operations.status(id, host), id => operations.status(id, host, wait), id => operations.result(id, host), id => operations.result(id, host, wait), id => operations.cancel(id, host),
    id => operations.events(id, host, { after: undefined, signal: never })
  ]
  for (const ask of questions) {
    for (const jobId of ['unknown', '6f1c2b1e-8f0a-4b57-9d3e-2a7c5d4e9f10']) await t.rejects(ask(jobId), { code: 'JOB_NOT_FOUND', statusCode: 404, jobId: undefined })
  }
  const { job: { jobId } } = await operations.submit({ text: '' }, {}, host)
  // Ended by nobody who cleans.
  await operations.cancel(jobId, host)
  await eventually(() => operations.status(jobId, host).then(() => 200, (error: { statusCode: number }) => error.statusCode), status => status === 410)
  for (const ask of questions) await t.rejects(ask(jobId), { code: 'JOB_EXPIRED', statusCode: 410, jobId })
}))

t.test('when to ask again, in whole seconds', async t => {
  t.strictSame(retryAfter({ pollAfterMs: 1_001 } as never), { 'retry-after': '2' })
  t.strictSame(retryAfter({} as never), {})
})
