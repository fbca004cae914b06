import t from 'tap'
import { defineJob, Type } from '../lib/index.js'
import { onEachEngine, uniqueName } from './helpers/engines.js'
import { startService } from './helpers/service.js'

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
  await t.rejects(jobs.submit({ text: 1n } as never), { code: 'INPUT_INVALID', message: 'The input is not valid: is not JSON' })
  await t.rejects(jobs.submit(undefined as never), { code: 'INPUT_INVALID', message: 'The input is not valid: is not JSON, but of type undefined' })
  await t.rejects(jobs.status('unknown'), { code: 'JOB_NOT_FOUND', statusCode: 404 })
  const { jobId } = await jobs.submit({ text: 'a' })
  await t.rejects(jobs.result(jobId), { code: 'JOB_NOT_FINISHED', statusCode: 409, message: 'The job is not finished, its status is pending' })
  t.throws(() => app.jobs(defineJob({ ...schemas, name: 'another' })), { code: 'JOB_NOT_REGISTERED', message: /no job "another" is registered here/ })
}))
