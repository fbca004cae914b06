import t from 'tap'
import { randomUUID } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { createAttemptRunner, type AttemptRunner, type AttemptStore } from '../../lib/worker/attempt.js'
import { createPatience } from '../../lib/engine/patience.js'
import { BY_CANCEL } from '../../lib/job/ending.js'
import { fromFailedReason } from '../../lib/job/failure.js'
import { createWorker, defineJob, JobError, Type, type JobContext, type JobDefinition, type JobEvent, type Processor } from '../../lib/index.js'
import { safeLogger } from '../../lib/worker/safe-logger.js'
import { LOCK_LOST, WORKER_CLOSING } from '../../lib/worker/stop-reasons.js'
import type { StoredJob } from '../../lib/job/stored-job.js'
import { onEachEngine, redisUrl, silent, uniqueName } from '../helpers/engines.js'
import { latch } from '../helpers/latch.js'
import { logLines } from '../helpers/log-lines.js'
import { ODD_ERRORS, ODD_JOB_ERRORS } from '../helpers/odd-errors.js'
import { eventually, startService } from '../helpers/service.js'

const schemas = { input: Type.Object({}), output: Type.Object({ ok: Type.Boolean() }) }
const BACKOFF = { type: 'fixed', delay: 1 } as const

const failures: Record<string, { processor: () => unknown, error?: object, attempts?: number }> = {
  'a throw': { processor: () => { throw new Error('secret') } },
  'a rejected promise': { processor: async () => { throw new Error('secret') } },
  'a throw of undefined': { processor: () => { throw undefined } }, // eslint-disable-line no-throw-literal -- users do
  'a throw of null': { processor: () => { throw null } }, // eslint-disable-line no-throw-literal -- users do
  'a throw of a string': { processor: () => { throw 'secret' } }, // eslint-disable-line no-throw-literal -- users do
  'an error that reads like a JobError': { processor: () => { throw new Error('JobError {"code":"SECRET","message":"secret"}') } },
  'an error with a name that BullMQ knows': { processor: () => { throw Object.assign(new Error('secret'), { name: 'DelayedError' }) } },
  'an error with a message that BullMQ knows': { processor: () => { throw new Error('bullmq:rateLimitExceeded') } },
  'no output': { processor: () => {}, error: { code: 'OUTPUT_INVALID', message: 'The job produced an output that does not have the promised form.' } },
  'an output that does not match': { processor: () => ({ ok: 'yes' }), error: { code: 'OUTPUT_INVALID' } },
  'an output that is not JSON': { processor: () => ({ ok: true, big: 1n }), error: { code: 'OUTPUT_INVALID' } },
  'a JobError': { processor: () => { throw new JobError('NO_TEXT', 'There is no text') }, error: { code: 'NO_TEXT', message: 'There is no text' }, attempts: 1 },
  'a JobError that may be repeated': { processor: () => { throw new JobError('BUSY', 'Busy', { retryable: true }) }, error: { code: 'BUSY', message: 'Busy' } }
}

t.test('a job fails by', t => onEachEngine(t, async (t, { connection }) => {
  for (const [name, { processor, error = { code: 'PROCESSOR_ERROR', message: 'The job failed for an internal reason.' }, attempts = 2 }] of Object.entries(failures)) {
    await t.test(name, async t => {
      const job = defineJob({ ...schemas, name: uniqueName(), attempts: 2, backoff: BACKOFF })
      let calls = 0
      const { app, submit, until } = await startService(t, { job, connection, processor: (() => { calls++; return processor() }) as Processor<typeof job> })
      const { body: { jobId } } = await submit({})
      const failed = await until(jobId, 'failed')
      t.match(failed, { attempt: attempts, error })
      t.equal(calls, attempts)
      t.notMatch(JSON.stringify(failed), /secret/i)
      const stored = await app.jobs(job).queue.getJob(jobId)
      t.equal(stored?.stacktrace?.length, attempts, 'BullMQ keeps a stack for each attempt')
    })
  }
}))

t.test('a JobError is final, however odd it is', async t => {
  for (const [name, make] of Object.entries(ODD_JOB_ERRORS)) {
    const lines: unknown[] = []
    const log = safeLogger({ ...silent, warn: (...line: unknown[]) => { lines.push(line) } })
    const runner = createAttemptRunner(plain, async () => { throw make() }, storing(), log)
    const failed = await runner.run(begun()).catch((error: unknown) => error) as Error
    t.equal(failed.name, 'UnrecoverableError', name)
    t.match(fromFailedReason(failed.message), { code: 'NO_TEXT', message: 'There is no text', status: 422 }, name)
    t.equal(lines.length, 1, name)
  }
})

t.test('any other error is tried again, and logged, however odd it is', t => onEachEngine(t, async (t, { connection }) => {
  const written = logLines()
  const job = defineJob({ ...schemas, name: uniqueName(), input: Type.Object({ odd: Type.String() }), attempts: 2, backoff: BACKOFF })
  const { submit, until } = await startService(t,
    { job, connection, processor: ({ odd }, { log }) => { log.info({ err: ODD_ERRORS[odd]?.[0]() }, odd); throw ODD_ERRORS[odd]?.[0]() } },
    { logger: { level: 'info', stream: written } })
  for (const odd of Object.keys(ODD_ERRORS)) {
    const { body: { jobId } } = await submit({ odd })
    t.match(await until(jobId, 'failed'), { attempt: 2, error: { code: 'PROCESSOR_ERROR', message: 'The job failed for an internal reason.' } }, odd)
    t.strictSame(written.lines().filter(line => line['jobId'] === jobId).map(({ msg }) => msg), [odd, 'The attempt failed', odd, 'The attempt failed'], odd)
  }
}))

t.test('a logger that throws changes nothing', async t => {
  const refuse = (): never => { throw new Error('no logger') }
  const job = defineJob({ ...schemas, name: uniqueName(), attempts: 3, backoff: BACKOFF })
  const { submit, until } = await startService(t, { job, connection: redisUrl() })
  let runs = 0
  const worker = createWorker(job, (_input, { log, signal }) => {
    runs++
    log.info({ signal }, 'begun')
    throw new JobError('NO_TEXT', 'There is no text')
  }, { connection: redisUrl(), log: { debug: refuse, info: refuse, warn: refuse, error: refuse } })
  t.teardown(() => worker.close())
  const { body: { jobId } } = await submit({})
  t.match(await until(jobId, 'failed'), { attempt: 1, error: { code: 'NO_TEXT' } })
  t.equal(runs, 1)
})

t.test('a signal may have any number of listeners', async t => {
  const warnings: Error[] = []
  const warn = (warning: Error): void => { warnings.push(warning) }
  process.on('warning', warn)
  t.teardown(() => { process.off('warning', warn) })
  const runner = createAttemptRunner(plain, async (_input, { signal }) => {
    for (let n = 0; n < 50; n++) signal.addEventListener('abort', () => n)
    await setImmediate()
    return { ok: true }
  }, storing(), silent)
  await runner.run(begun())
  t.strictSame(warnings, [])
})

t.test('what was thrown stays in the log and in BullMQ', t => onEachEngine(t, async (t, { connection }) => {
  const job = defineJob({ ...schemas, name: uniqueName(), attempts: 1 })
  const lines: Array<Record<string, unknown>> = []
  const { app, submit, until } = await startService(t,
    { job, connection, processor: (_input, { log }) => { log.info('hello'); throw new Error('the real reason') } },
    { logger: { level: 'info', stream: { write: (line: string) => { lines.push(JSON.parse(line) as Record<string, unknown>) } } } })
  const { body: { jobId } } = await submit({})
  await until(jobId, 'failed')
  const fields = { job: job.name, jobId, attempt: 1 }
  t.match(lines.find(({ msg }) => msg === 'hello'), { level: 30, ...fields })
  t.match(lines.find(({ msg }) => msg === 'The attempt failed'), { level: 40, ...fields, err: { message: 'the real reason', stack: /attempt\.test/ } })
  t.match(await app.jobs(job).queue.getJob(jobId), { failedReason: 'the real reason', stacktrace: [/attempt\.test/] })
}))

t.test('a message of ten megabytes makes no job of ten megabytes', t => onEachEngine(t, async (t, { connection }) => {
  const job = defineJob({ ...schemas, name: uniqueName(), attempts: 1 })
  const { app, submit, until } = await startService(t, { job, connection, processor: () => { throw new Error('x'.repeat(10_000_000)) } })
  const { body: { jobId } } = await submit({})
  await until(jobId, 'failed')
  const stored = await app.jobs(job).queue.getJob(jobId)
  t.equal(stored?.failedReason.length, '… (9991808 characters more)'.length + 8_192)
  t.match(stored?.stacktrace, [/characters more\)\n +at [^]*attempt\.test/], 'the frames are there')
  t.ok(JSON.stringify(stored).length < 40_000)
}))

const plain: JobDefinition = defineJob({ ...schemas, name: 'a-job', maxOutputChunks: 1 })

/** A job in its first run, as BullMQ passes it in. */
function begun (fields: object = {}): never {
  return { id: 'x', name: 'a-job', data: {}, attemptsMade: 0, attemptsStarted: 1, timestamp: 0, opts: {}, ...fields } as never
}

function storing (report: AttemptStore['report'] = async () => true, read: AttemptStore['read'] = async () => undefined): AttemptStore {
  const { untilAnswered } = createPatience(() => {}, () => {})
  return { takesAllText: true, report, read, now: async () => 0, untilAnswered }
}

t.test('a job that comes back to the worker that lost it', async t => {
  const ends = [latch(), latch()]
  const signals: AbortSignal[] = []
  const runner = createAttemptRunner(defineJob({ ...schemas, name: 'a-job' }), async (_input, { signal }) => {
    await ends[signals.push(signal) - 1]?.promise
    return { ok: true }
  }, storing(), silent)
  const first = runner.run(begun())
  const second = runner.run(begun())
  ends[0]?.open()
  await first
  t.equal(runner.running, 1)
  runner.stop('x', new Error('enough'))
  t.strictSame(signals.map(({ aborted }) => aborted), [false, true], 'it is the later attempt that can be stopped')
  await t.rejects(second, { message: 'enough' })
  t.equal(runner.running, 0)
})

t.test('a final job does not change, whatever its processor does later', t => onEachEngine(t, async (t, { connection }) => {
  const job = defineJob({ ...schemas, name: uniqueName() })
  const later = latch<() => Promise<void>>()
  const { status, submit, until } = await startService(t, {
    job, connection, processor: (_input, { progress }) => { later.open(() => progress(5, 'zombie')); return { ok: true } }
  })
  const { body: { jobId } } = await submit({})
  const done = await until(jobId, 'completed')
  await (await later.promise)()
  t.strictSame((await status(jobId)).body, done)
}))

t.test('what the store will never take is told to nobody but the log', async t => {
  const refused = new TypeError('not even a report')
  for (const fail of [false, true]) {
    const lines: unknown[] = []
    const log = (...line: unknown[]): void => { lines.push(line) }
    const runner = createAttemptRunner(plain, async (_input, { progress, write }) => {
      await progress(1)
      await write('a')
      if (fail) throw new Error('the reason')
      return { ok: true }
    }, storing(async () => { throw refused }), { ...silent, warn: log, error: log })
    if (fail) await t.rejects(runner.run(begun()), { message: 'the reason' })
    else t.strictSame(await runner.run(begun()), { ok: true }, 'it is no failure of the processor')
    t.match(lines, [[{ err: refused }, 'The store refuses the reports of the attempt: it reports nothing more'], ...fail ? [[{ err: { message: 'the reason' } }, 'The attempt failed']] : []])
    t.equal(lines.length, fail ? 2 : 1)
  }
})

t.test('an attempt does not complete without what it told', async t => {
  let refusals = 0
  const told: unknown[] = []
  const runner = createAttemptRunner(plain, async (_input, { write }) => { await write('a'); return { ok: true } }, storing(async (_jobId, _token, { rows }) => {
    if (refusals++ < 2) throw new Error('no store')
    told.push(...rows)
    return true
  }), silent)
  t.strictSame(await runner.run(begun()), { ok: true })
  t.strictSame(told, ['output 1 "a"'])
})

t.test('a job that cannot be handed back is left to its lock', async t => {
  const lines: unknown[] = []
  const taken = latch()
  const runner = createAttemptRunner(plain, async () => { taken.open(); return await new Promise(() => {}) }, storing(), { ...silent, warn: (...line: unknown[]) => { lines.push(line) } })
  const run = t.rejects(runner.run(begun({ moveToWait: async () => { throw new Error('no store') } })), { name: 'WaitingError' })
  await taken.promise
  runner.stopAll(WORKER_CLOSING)
  await run
  t.match(lines, [[{ err: { message: 'no store' } }, 'The attempt could not be handed back: the job runs again when its lock has run out']])
})

t.test('texts that not every store can keep', t => onEachEngine(t, async (t, { connection }) => {
  const thrown: Record<string, [error: () => Error, code: string, message: string]> = {
    'a NUL': [() => new Error('a\0b'), 'PROCESSOR_ERROR', 'The job failed for an internal reason.'],
    'half a pair': [() => new Error('a\ud800b'), 'PROCESSOR_ERROR', 'The job failed for an internal reason.'],
    'a NUL for clients': [() => new JobError('N', 'a\0b'), 'N', 'a\0b']
  }
  for (const [name, [error, code, message]] of Object.entries(thrown)) {
    const job = defineJob({ ...schemas, name: uniqueName(), attempts: 1 })
    const { submit, until } = await startService(t, { job, connection, processor: async (_input, { progress }) => { await progress(7, 'x\0\ud800'); throw error() } })
    t.match(await until((await submit({})).body.jobId, 'failed'), { progress: 7, message: 'x\uFFFD\uFFFD', error: { code, message } }, name)
  }
}))

t.test('a retry begins a new run', t => onEachEngine(t, async (t, { connection }) => {
  const job = defineJob({ ...schemas, name: uniqueName(), attempts: 2, backoff: BACKOFF })
  const { app, submit } = await startService(t, {
    job,
    connection,
    processor: async (_input, { write, attempt }) => {
      await write(`attempt ${attempt}`)
      if (attempt === 1) throw new Error('not this time')
      await write('done')
      return { ok: true }
    }
  })
  t.strictSame(await chunksOf(app.jobs(job).events((await submit({})).body.jobId)), [[0, 1, 'attempt 1'], [1, 2, 'attempt 2'], [2, 2, 'done']])
}))

t.test('so does an operator who has a job run again, whatever he resets', t => onEachEngine(t, async (t, { connection }) => {
  for (const reset of [{}, { resetAttemptsMade: true, resetAttemptsStarted: true }]) {
    const job = defineJob({ ...schemas, name: uniqueName(), attempts: 1 })
    let runs = 0
    const { app, submit, until } = await startService(t, {
      job,
      connection,
      processor: async (_input, { write }) => {
        await write(++runs)
        if (runs === 1) throw new Error('not this time')
        return { ok: true }
      }
    })
    const jobs = app.jobs(job)
    const { body: { jobId } } = await submit({})
    await until(jobId, 'failed')
    await (await jobs.queue.getJob(jobId))?.retry('failed', reset)
    await eventually(() => jobs.status(jobId), ({ status }) => status === 'completed')
    t.strictSame((await chunksOf(jobs.events(jobId))).map(([index,, data]) => [index, data]), [[0, 1], [1, 2]], JSON.stringify(reset))
  }
}))

async function chunksOf (events: AsyncIterable<JobEvent>): Promise<unknown[][]> {
  const chunks = []
  for await (const event of events) if (event.type === 'output') chunks.push([event.index, event.run, event.data])
  return chunks
}

t.test('a run that writes more than it may', t => onEachEngine(t, async (t, { connection }) => {
  const job = defineJob({ ...schemas, name: uniqueName(), maxOutputChunks: 1 })
  const lines: string[] = []
  const { submit, until } = await startService(t, {
    job,
    connection,
    processor: async (_input, { write }) => { await write('a'); await write('b'); return { ok: true } }
  }, { logger: { level: 'warn', stream: { write: (line: string) => { lines.push(line) } } } })
  t.match(await until((await submit({})).body.jobId, 'failed'), { attempt: 1, error: { code: 'OUTPUT_TOO_LARGE', message: 'The job wrote more partial output than it may.' } })
  t.match(lines[0], 'A chunk of partial output was refused')
}))

t.test('a worker that comes too late does not begin', t => onEachEngine(t, async (t, { connection }) => {
  const job = defineJob({ ...schemas, name: uniqueName() })
  const { app } = await startService(t, { job, connection })
  const { queue } = app.jobs(job)
  const opts = { timestamp: Date.now() - 10_000, attempts: 3 }
  const [late, delayed, inTime] = [randomUUID(), randomUUID(), randomUUID()]
  await queue.pause()
  await queue.add(job.name, {}, { ...opts, jobId: late, ...{ startBy: 5 } })
  await queue.add(job.name, {}, { ...opts, jobId: inTime, ...{ startBy: 60 } })
  await queue.add(job.name, {}, { ...opts, jobId: delayed, delay: 10_000, ...{ startBy: 5 } })
  const begun: string[] = []
  const { until } = await startService(t, { job, connection, processor: (_input, { jobId }) => { begun.push(jobId); return { ok: true } } })
  // The worker is the one to find it: nobody asks before.
  const failed = new Promise<void>(resolve => { void (async () => { await eventually(() => queue.getFailedCount(), count => count === 1); resolve() })() })
  await queue.resume()
  await failed
  t.match(await until(late, 'failed'), { attempt: 1, error: { code: 'EXPIRED' } }, 'and never will')
  await until(inTime, 'completed')
  await until(delayed, 'completed')
  t.strictSame(begun.sort(), [delayed, inTime].sort())
}))

const waiting = async (): Promise<StoredJob> => ({ state: 'active', timestamp: 0, attemptsMade: 0, opts: {}, progress: 0, logs: 0, readAt: 0 })
const ended = async (): Promise<StoredJob> => ({ ...await waiting(), state: 'failed', failedReason: BY_CANCEL.running })

/** An attempt that goes on until it is stopped; resolves to why. */
function endless (store: AttemptStore): { runner: AttemptRunner, begun: Promise<JobContext>, stopped: Promise<unknown> } {
  const context = latch<JobContext>()
  const stopped = latch<unknown>()
  const runner = createAttemptRunner(plain, async (_input, given) => {
    given.signal.addEventListener('abort', () => { stopped.open(given.signal.reason) })
    context.open(given)
    return await new Promise(() => {})
  }, store, silent)
  return { runner, begun: context.promise, stopped: stopped.promise }
}

t.test('an attempt whose job somebody ended stops', async t => {
  for (const read of [ended, async () => undefined]) {
    const { runner, begun: running, stopped } = endless(storing(undefined, read))
    const run = t.rejects(runner.run(begun()), { name: 'WaitingError' }, 'BullMQ is to leave it alone')
    const { progress, write } = await running
    await runner.ended('x')
    t.match(await stopped, { name: 'JobError', code: 'CANCELED' })
    await run
    await progress(99)
    await write('too late')
  }
})

t.test('or whose report the store refuses', async t => {
  for (const [read, reason] of [[ended, { code: 'CANCELED' }], [waiting, LOCK_LOST], [async () => { throw new Error('no store') }, LOCK_LOST]] as const) {
    const { runner, begun: running, stopped } = endless(storing(async () => false, read))
    const run = t.rejects(runner.run(begun()), { name: 'WaitingError' })
    await (await running).progress(1)
    t.match(await stopped, reason)
    await run
  }
})

t.test('a stop that is late or early', async t => {
  const late = endless(storing(undefined, waiting))
  const run = late.runner.run(begun())
  const { signal } = await late.begun
  await late.runner.ended('x')
  t.notOk(signal.aborted, 'the job was put back into the queue, and is rightly run')
  late.runner.stopAll(new Error('enough'))
  await t.rejects(run, { message: 'enough' })

  let calls = 0
  const count = (read: AttemptStore['read']): AttemptRunner => createAttemptRunner(plain, async () => { calls++; return { ok: true } }, storing(undefined, read), silent)
  const early = count(ended)
  await early.ended('x')
  await t.rejects(early.run(begun()), { name: 'WaitingError' })
  t.equal(calls, 0, 'its attempt does not even begin')
  t.strictSame(await early.run(begun()), { ok: true }, 'the stop was for that one only')

  const forgetful = count(ended)
  for (let n = 0; n <= 1_000; n++) await forgetful.ended(n === 0 ? 'x' : String(n))
  t.strictSame(await forgetful.run(begun()), { ok: true }, 'a thousand are remembered')
  await t.rejects(forgetful.run(begun({ id: '1000' })), { name: 'WaitingError' })
})

t.test('an attempt that is done when its job was lost', async t => {
  const runner = createAttemptRunner(plain, async (_input, { progress }) => { await progress(1); return { ok: true } }, storing(async () => false, waiting), silent)
  await t.rejects(runner.run(begun()), { name: 'WaitingError' }, 'does not complete it')
})
