import t from 'tap'
import { defineJob, Type, type Job, type Problem } from '../../lib/index.js'
import { onEachEngine, redisUrl, uniqueName } from '../helpers/engines.js'
import { latch } from '../helpers/latch.js'
import { startService, type TestService } from '../helpers/service.js'

const schemas = { input: Type.Object({}), output: Type.Object({ ok: Type.Boolean() }) }
const define = () => defineJob({ ...schemas, name: uniqueName() })

async function cancel ({ app }: Pick<TestService, 'app'>, jobId: string): Promise<{ statusCode: number, body: Job & Problem }> {
  const answer = await app.inject({ method: 'POST', url: `/jobs/cancel/${jobId}` })
  return { statusCode: answer.statusCode, body: answer.json<Job & Problem>() }
}

t.test('a job that did not run never will', t => onEachEngine(t, async (t, { connection }) => {
  const service = await startService(t, { job: define(), connection })
  const { body: { jobId } } = await service.submit({})
  const canceled = await cancel(service, jobId)
  t.match(canceled, { statusCode: 200, body: { jobId, status: 'canceled', attempt: 0, cancelRequested: false, finishedAt: String, expiresAt: String } })
  t.notOk('error' in canceled.body || 'pollAfterMs' in canceled.body || 'startedAt' in canceled.body)
  t.strictSame(await cancel(service, jobId), canceled, 'asked again, the answer is the same')
  t.strictSame((await service.status(jobId)).body, canceled.body)
  t.match(await service.result(jobId), { statusCode: 409, body: { code: 'JOB_CANCELED', detail: 'The job was canceled.', jobId } })
}))

t.test('a job that runs is told to stop', t => onEachEngine(t, async (t, { connection }) => {
  const taken = latch()
  const stopped = latch<unknown>()
  const end = latch()
  const service = await startService(t, {
    job: define(),
    connection,
    processor: async (_input, { signal, progress, write }) => {
      signal.addEventListener('abort', () => { stopped.open(signal.reason) })
      taken.open()
      await end.promise
      await progress(99, 'too late')
      await write('too late')
      return { ok: true }
    }
  })
  t.teardown(() => { end.open() })
  const { body: { jobId } } = await service.submit({})
  await taken.promise
  const canceled = await cancel(service, jobId)
  t.match(canceled, { statusCode: 202, body: { status: 'canceled', attempt: 1, cancelRequested: true } })
  t.match(await stopped.promise, { name: 'JobError', code: 'CANCELED' })
  end.open()
  // The worker has done with it when it takes the next.
  await service.until((await service.submit({})).body.jobId, 'completed')
  t.strictSame(await cancel(service, jobId), canceled, 'whatever its code still does')
}))

t.test('a job that ended before', t => onEachEngine(t, async (t, { connection }) => {
  for (const [status, processor] of [['completed', () => ({ ok: true })], ['failed', () => { throw new Error() }]] as const) {
    const service = await startService(t, { job: defineJob({ ...schemas, name: uniqueName(), attempts: 1 }), connection, processor })
    const { body: { jobId } } = await service.submit({})
    const ended = await service.until(jobId, status)
    t.strictSame((await cancel(service, jobId)).body, { type: 'about:blank', title: 'Conflict', status: 409, detail: `The job cannot be canceled, it is ${status}.`, code: 'JOB_ALREADY_FINISHED', jobId })
    t.strictSame((await service.status(jobId)).body, ended)
  }
}))

t.test('a job that is not there', t => onEachEngine(t, async (t, { connection }) => {
  const service = await startService(t, { job: define(), connection })
  for (const jobId of ['6f1c2b1e-8f0a-4b57-9d3e-2a7c5d4e9f10', 'abc', '%00', 'x'.repeat(10_240), '']) {
    t.match(await cancel(service, jobId), { statusCode: 404, body: { code: 'JOB_NOT_FOUND' } })
  }
}))

t.test('a body is ignored, whatever it is: many clients name a media type for each POST', async t => {
  const service = await startService(t, { job: define(), connection: redisUrl() })
  const bodies = [['application/json', ''], ['application/json', '{'], ['text/plain', 'please'], ['application/x-unknown', 'x']] as const
  for (const [type, payload] of bodies) {
    const { body: { jobId } } = await service.submit({})
    const answer = await service.app.inject({ method: 'POST', url: `/jobs/cancel/${jobId}`, headers: { 'content-type': type }, payload })
    t.equal(answer.statusCode, 200, `${type} ${payload}`)
  }
  t.equal((await service.submit({})).statusCode, 202, 'inputs are parsed as before')
})
