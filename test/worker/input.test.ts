import t from 'tap'
import { createChecks } from '../../lib/definition/checks.js'
import { createWorker, defineJob, JobError, Type, type Job } from '../../lib/index.js'
import { makeJobId } from '../../lib/job/id.js'
import { readInput } from '../../lib/worker/input.js'
import { embeddedConnection, onEachEngine, redisUrl, silent, uniqueName } from '../helpers/engines.js'
import { logLines } from '../helpers/log-lines.js'
import { eventually, startService } from '../helpers/service.js'

const input = Type.Object({ text: Type.String(), times: Type.Integer({ default: 2 }) })
const output = Type.Object({ text: Type.String() })

t.test('what the processor gets', async t => {
  const { input: check } = createChecks({ name: 'job', input, output })
  t.strictSame(await readInput(check, { text: 'a' }), { text: 'a', times: 2 })
  await t.rejects(readInput(check, { text: 1, times: 'x' }), {
    constructor: JobError, code: 'INPUT_INVALID', retryable: false, cause: { message: 'The input /text must be string; /times must be integer' }
  })
})

t.test('a job that somebody else queued', t => onEachEngine(t, async (t, { connection }) => {
  const job = defineJob({ name: uniqueName(), input, output, attempts: 3 })
  const log = logLines()
  const given: unknown[] = []
  const { app, status } = await startService(t, { job, connection, processor: input => { given.push(input); return { text: input.text.repeat(input.times) } } }, { logger: { stream: log } })
  const { queue, result } = app.jobs(job)
  const add = async (data: unknown): Promise<Job> => {
    const { id } = await queue.add(job.name, data as never, { jobId: makeJobId(), attempts: 3 })
    const { body } = await eventually(() => status(id as string), ({ body }) => body.status === 'completed' || body.status === 'failed')
    return body
  }
  for (const data of [{ text: 1 }, { times: 1 }, null, 'text', []]) {
    const failed = await add(data)
    t.match(failed, { status: 'failed', attempt: 1, error: { code: 'INPUT_INVALID', message: 'The input of the job does not have the promised form.' } }, JSON.stringify(data))
    t.strictSame(Object.keys(failed.error ?? {}), ['code', 'message'])
  }
  t.strictSame(given, [], 'never reaches the processor')
  t.match(log.text(), /The input \/text must be string/)
  t.strictSame(await result((await add({ text: 'ab' })).jobId), { text: 'abab' })
  t.strictSame(given, [{ text: 'ab', times: 2 }], 'one that matches gets its defaults')
}))

t.test('in a sandbox, too', async t => {
  const job = defineJob({ name: uniqueName(), input, output: Type.Unknown() })
  const connection = redisUrl()
  const { app } = await startService(t, { job, connection })
  const worker = createWorker(job, new URL('../fixtures/echo-processor.js', import.meta.url), { connection, log: silent })
  t.teardown(() => worker.close())
  const { id } = await app.jobs(job).queue.add(job.name, { text: 'a' } as never, { jobId: makeJobId() })
  t.match(await app.jobs(job).wait(id as string), { keys: ['text', 'times'] })
})

t.test('a default is filled in over HTTP and for the handle alike', async t => {
  const job = defineJob({ name: uniqueName(), input, output })
  const { app, submit } = await startService(t, { job, connection: await embeddedConnection(t) })
  const handle = app.jobs(job)
  const { jobId } = await handle.submit({ text: 'a' })
  const { body } = await submit({ text: 'a' })
  for (const id of [jobId, body.jobId]) t.strictSame((await handle.queue.getJob(id))?.data, { text: 'a', times: 2 })
  const keyed = await handle.submit({ text: 'a' }, { idempotencyKey: 'k' })
  t.equal((await submit({ text: 'a' }, { 'idempotency-key': 'k' })).body.jobId, keyed.jobId)
})
