import t, { type Test } from 'tap'
import { asyncJobs, defineJob, JobError, Type, type Job, type JobDefinition, type Processor, type WorkerOptions } from '../../lib/index.js'
import { leaseEngine } from '../../lib/engine/index.js'
import type { Engine } from '../../lib/engine/engine.js'
import { jobLinks } from '../../lib/job/links.js'
import { onEachEngine, redisUrl, silent, uniqueName } from '../helpers/engines.js'
import { latch } from '../helpers/latch.js'
import { eventually, service, startService, type TestService } from '../helpers/service.js'
import Fastify from 'fastify'

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

const schemas = { input: Type.Object({}), output: Type.Object({ ok: Type.Boolean() }) }

/** Walks a job to a state and gives what the API then says of it. */
interface Walk {
  define?: Partial<Parameters<typeof defineJob>[0]>
  worker?: WorkerOptions
  go: (walk: Walking) => Promise<Job>
}

interface Walking extends TestService {
  t: Test
  engine: Engine
  definition: JobDefinition
  /** Starts a second service on the same queue that works. */
  work (processor: Processor<JobDefinition>, worker?: WorkerOptions): Promise<void>
}

/** Every state a job can be seen in, how it gets there, and the Job: exactly these fields. */
const states: Record<string, { walk: Walk, job: Partial<Record<keyof Job, unknown>> }> = {
  'waiting for its first attempt': {
    walk: { go: async ({ submit }) => (await submit({})).body },
    job: { status: 'pending', progress: 0, attempt: 0, maxAttempts: 3, pollAfterMs: 1000 }
  },
  'running, with progress and a message': {
    walk: {
      go: async ({ t, submit, status, work }) => {
        const reported = latch()
        const end = latch()
        t.teardown(() => { end.open() })
        await work(async (_input, { progress }) => {
          await progress(40, 'tokenising')
          reported.open()
          await end.promise
          return { ok: true }
        })
        const { body } = await submit({})
        await reported.promise
        // It is stored a little later.
        return await eventually(async () => (await status(body.jobId)).body, job => job.progress > 0)
      }
    },
    job: { status: 'in_progress', progress: 40, message: 'tokenising', attempt: 1, maxAttempts: 3, startedAt: ISO, pollAfterMs: 1000 }
  },
  'waiting for a retry': {
    walk: {
      define: { backoff: { type: 'fixed', delay: 600_000 } },
      go: async ({ submit, work, status }) => {
        const failing = latch()
        await work(() => { failing.open(); throw new Error('not this time') })
        const { body: { jobId } } = await submit({})
        await failing.promise
        return await eventually(async () => (await status(jobId)).body, job => job.status === 'pending')
      }
    },
    job: { status: 'pending', progress: 0, attempt: 1, maxAttempts: 3, startedAt: ISO, nextAttemptAt: ISO, pollAfterMs: 1000 }
  },
  'abandoned by a dead worker': {
    walk: {
      go: async ({ t, submit, status, engine, definition }) => {
        const jobId = await dieWithJob(t, engine, definition, async () => (await submit({})).body.jobId)
        return await eventually(async () => (await status(jobId)).body, job => job.status === 'pending' && job.attempt === 1)
      }
    },
    job: { status: 'pending', progress: 0, attempt: 1, maxAttempts: 3, startedAt: ISO, pollAfterMs: 1000 }
  },
  'picked up again after its worker died': {
    walk: {
      go: async ({ t, submit, status, work, engine, definition }) => {
        const jobId = await dieWithJob(t, engine, definition, async () => (await submit({})).body.jobId)
        const taken = latch()
        const end = latch()
        t.teardown(() => { end.open() })
        await work(async () => { taken.open(); await end.promise; return { ok: true } }, { lockDuration: 200 })
        await taken.promise
        return (await status(jobId)).body
      }
    },
    job: { status: 'in_progress', progress: 0, attempt: 1, maxAttempts: 3, startedAt: ISO, pollAfterMs: 1000 }
  },
  completed: {
    walk: {
      go: async ({ submit, until, work }) => {
        await work(async (_input, { progress }) => { await progress(90); return { ok: true } })
        return await until((await submit({})).body.jobId, 'completed')
      }
    },
    job: { status: 'completed', progress: 100, attempt: 1, maxAttempts: 3, startedAt: ISO, finishedAt: ISO, expiresAt: ISO }
  },
  'completed after a failed attempt': {
    walk: {
      define: { backoff: { type: 'fixed', delay: 1 } },
      go: async ({ submit, until, work }) => {
        await work((_input, { attempt }) => {
          if (attempt === 1) throw new Error('not this time')
          return { ok: true }
        })
        return await until((await submit({})).body.jobId, 'completed')
      }
    },
    job: { status: 'completed', progress: 100, attempt: 2, maxAttempts: 3, startedAt: ISO, finishedAt: ISO, expiresAt: ISO }
  },
  'completed after its worker died': {
    walk: {
      go: async ({ t, submit, until, work, engine, definition }) => {
        const jobId = await dieWithJob(t, engine, definition, async () => (await submit({})).body.jobId)
        await work(() => ({ ok: true }), { lockDuration: 200 })
        return await until(jobId, 'completed')
      }
    },
    job: { status: 'completed', progress: 100, attempt: 1, maxAttempts: 3, startedAt: ISO, finishedAt: ISO, expiresAt: ISO }
  },
  'failed by all its attempts': {
    walk: {
      define: { attempts: 2, backoff: { type: 'fixed', delay: 0 } },
      go: async ({ submit, until, work }) => {
        await work(() => { throw new Error('password=hunter2') })
        return await until((await submit({})).body.jobId, 'failed')
      }
    },
    job: { status: 'failed', progress: 0, attempt: 2, maxAttempts: 2, startedAt: ISO, finishedAt: ISO, expiresAt: ISO, error: { code: 'PROCESSOR_ERROR', message: 'The job failed for an internal reason.' } }
  },
  'failed at once by a JobError': {
    walk: {
      go: async ({ submit, until, work }) => {
        await work(() => { throw new JobError('TEXT_TOO_LONG', 'The text is too long', { data: { limit: 10 } }) })
        return await until((await submit({})).body.jobId, 'failed')
      }
    },
    job: { status: 'failed', progress: 0, attempt: 1, maxAttempts: 3, startedAt: ISO, finishedAt: ISO, expiresAt: ISO, error: { code: 'TEXT_TOO_LONG', message: 'The text is too long', data: { limit: 10 } } }
  },
  'canceled by its processor': {
    walk: {
      go: async ({ submit, until, work }) => {
        await work(() => { throw new JobError('CANCELED', 'Nobody wants it any more') })
        return await until((await submit({})).body.jobId, 'canceled')
      }
    },
    job: { status: 'canceled', progress: 0, attempt: 1, maxAttempts: 3, startedAt: ISO, finishedAt: ISO, expiresAt: ISO }
  },
  'failed after its workers died too often': {
    walk: {
      go: async ({ t, submit, until, work, engine, definition }) => {
        const jobId = await dieWithJob(t, engine, definition, async () => (await submit({})).body.jobId)
        await work(() => ({ ok: true }), { lockDuration: 200, maxStalledCount: 0 })
        return await until(jobId, 'failed')
      }
    },
    job: { status: 'failed', progress: 0, attempt: 1, maxAttempts: 3, startedAt: ISO, finishedAt: ISO, expiresAt: ISO, error: { code: 'STALLED', message: 'The worker that ran the job died, more often than is allowed.' } }
  }
}

t.test('what the API says of a job in every state', t => onEachEngine(t, async (t, { connection }) => {
  for (const [name, { walk, job }] of Object.entries(states)) {
    await t.test(name, async t => {
      const definition = defineJob({ ...schemas, name: uniqueName(), ...walk.define })
      const gateway = await startService(t, { job: definition, connection })
      const lease = await leaseEngine(connection, {}, silent)
      t.teardown(() => lease.release())
      const work: Walking['work'] = async (processor, worker = {}) => {
        await startService(t, { job: definition, connection, processor, routes: false, worker: { closeTimeout: 0, ...worker } })
      }
      const seen = await walk.go({ ...gateway, t, engine: lease.engine, definition, work })
      const links = jobLinks('/jobs', seen.jobId)
      t.match(seen, { cancelRequested: false, ...job, createdAt: ISO })
      t.strictSame(Object.keys(seen).sort(), [...Object.keys(job), 'jobId', 'cancelRequested', 'createdAt', 'links'].sort(), 'no other fields')
      t.strictSame(seen.links, links)
    })
  }
}))

t.test('a job whose retention has passed', t => onEachEngine(t, async (t, { connection }) => {
  const definition = defineJob({ ...schemas, name: uniqueName(), retention: { completed: 1, failed: 3600 } })
  // Nothing cleans here: the worker is not ours.
  const { submit, until, status, result } = await startService(t, { job: definition, connection })
  const lease = await leaseEngine(connection, {}, silent)
  const { worker, disconnect } = lease.engine.openWorker(definition.name, async () => ({ ok: true }), {})
  t.teardown(async () => { await worker.close(); disconnect(); await lease.release() })
  const { body: { jobId } } = await submit({})
  const { expiresAt } = await until(jobId, 'completed')
  const expired = await eventually(() => status(jobId), answer => answer.statusCode !== 200)
  const problem = { statusCode: 410, body: { code: 'JOB_EXPIRED', status: 410, jobId, detail: `The job and its result were kept until ${expiresAt}. Submit it again.` } }
  t.match(expired, problem)
  t.match(await result(jobId), problem, 'its result is not given away either')
  t.ok(Date.now() >= Date.parse(expiresAt as string), 'not before its time')
}))

t.test('a job that others put into the queue', t => onEachEngine(t, async (t, { connection }) => {
  const definition = defineJob({ ...schemas, name: uniqueName() })
  const { app, status, result, until } = await startService(t, { job: definition, connection, processor: () => ({ ok: true }) })
  const { queue } = app.jobs(definition)
  const known = '6f1c2b1e-8f0a-4b57-9d3e-2a7c5d4e9f10'
  await queue.add('of another name', {}, { jobId: known })
  t.match(await until(known, 'completed'), { attempt: 1, maxAttempts: 1, expiresAt: undefined }, 'is shown, with what is known of it')
  t.match(await result(known), { statusCode: 200, body: { ok: true } })
  const { id } = await queue.add(definition.name, {})
  t.equal((await status(id as string)).statusCode, 404, 'unless its id can be guessed')
}))

t.test('what is on the wire is plain BullMQ', t => onEachEngine(t, async (t, { connection }) => {
  const definition = defineJob({ name: uniqueName(), input: Type.Object({ text: Type.String() }), output: Type.Object({ length: Type.Number() }) })
  const { app, submit, until } = await startService(t, { job: definition, connection, processor: ({ text }) => ({ length: text.length }) })
  const { body: { jobId } } = await submit({ text: 'hello' })
  await until(jobId, 'completed')
  const stored = await app.jobs(definition).queue.getJob(jobId)
  t.match(stored, { name: definition.name, id: jobId, returnvalue: { length: 5 }, attemptsMade: 1 })
  t.strictSame(stored?.data, { text: 'hello' }, 'the data is the input and nothing else')
  t.match(stored?.opts, { attempts: 3, backoff: { type: 'exponential', delay: 1000, jitter: 0.5 }, removeOnComplete: { age: 86_400 }, removeOnFail: { age: 604_800 } })
}))

t.test('jobs wait for the rest of the host', async t => {
  const definition = defineJob({ ...schemas, name: uniqueName() })
  const app = Fastify()
  t.teardown(() => app.close())
  let decorated = false
  await app.register(asyncJobs, { job: definition, connection: redisUrl(), prefix: '/jobs', processor: () => ({ ok: decorated }) })
  const { jobId } = await app.jobs(definition).submit({})
  await app.register(async () => { decorated = true })
  await app.ready()
  const { until, result } = service(app, '/jobs')
  await until(jobId, 'completed')
  t.match(await result(jobId), { body: { ok: true } })
})

/** A worker takes the job and dies: it neither ends it nor holds its lock any longer. */
async function dieWithJob (t: Test, engine: Engine, definition: JobDefinition, submit: () => Promise<string>): Promise<string> {
  const taken = latch<string>()
  const { worker, disconnect } = engine.openWorker(definition.name, async job => {
    taken.open(job.id as string)
    await new Promise(() => {})
  }, { lockDuration: 100, skipLockRenewal: true, skipStalledCheck: true })
  t.teardown(async () => { await worker.close(true); disconnect() })
  const jobId = await submit()
  t.equal(await taken.promise, jobId)
  return jobId
}
