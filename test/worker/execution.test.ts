import t from 'tap'
import { executeInTime } from '../../lib/worker/execution.js'
import { defineJob, Type } from '../../lib/index.js'
import { onEachEngine, uniqueName } from '../helpers/engines.js'
import { latch } from '../helpers/latch.js'
import { startService } from '../helpers/service.js'

const schemas = { input: Type.Object({}), output: Type.Object({ ok: Type.Boolean() }) }
const BACKOFF = { type: 'fixed', delay: 1 } as const

t.test('an attempt that runs too long', t => onEachEngine(t, async (t, { connection }) => {
  const job = defineJob({ ...schemas, name: uniqueName(), attempts: 2, backoff: BACKOFF, timeout: 50 })
  const reasons: unknown[] = []
  const end = latch()
  t.teardown(() => { end.open() })
  const { submit, until } = await startService(t, {
    job,
    connection,
    processor: async (_input, { signal, attempt, progress }) => {
      signal.addEventListener('abort', () => { reasons.push([attempt, (signal.reason as { code: string }).code]) })
      if (attempt === 1) await new Promise((_resolve, reject) => { signal.addEventListener('abort', () => { reject(new Error('as told')) }) })
      // This one does not listen.
      await end.promise
      await progress(99, 'too late')
      return { ok: true }
    }
  })
  const { body: { jobId } } = await submit({})
  t.match(await until(jobId, 'failed'), { attempt: 2, progress: 0, error: { code: 'TIMEOUT', message: 'An attempt ran longer than 50 ms.' } })
  t.strictSame(reasons, [[1, 'TIMEOUT'], [2, 'TIMEOUT']])
}))

t.test('a job has a timeout of its own', t => onEachEngine(t, async (t, { connection }) => {
  const job = defineJob({ ...schemas, name: uniqueName(), attempts: 1 })
  const { app, until } = await startService(t, { job, connection, processor: (_input, { signal }) => new Promise((_resolve, reject) => { signal.addEventListener('abort', () => { reject(signal.reason) }) }) })
  const { jobId } = await app.jobs(job).submit({}, { timeout: 50 })
  t.match(await until(jobId, 'failed'), { error: { code: 'TIMEOUT', message: 'An attempt ran longer than 50 ms.' } })
}))

t.test('ends as the processor does, or as its signal says', async t => {
  t.equal(await executeInTime(async () => 'output', 1_000, new AbortController()), 'output')
  await t.rejects(executeInTime(() => { throw new Error('before its promise') }, 1_000, new AbortController()), { message: 'before its promise' })
  const controller = new AbortController()
  const stopped = executeInTime(() => new Promise(() => {}), 1_000, controller)
  controller.abort(new Error('enough'))
  await t.rejects(stopped, { message: 'enough' })
  await t.rejects(executeInTime(async () => { t.fail('it began') }, 1_000, controller), { message: 'enough' })
})
