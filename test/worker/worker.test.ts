import t from 'tap'
import { randomUUID } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import type { Engine } from '../../lib/engine/engine.js'
import { createWorker, defineJob, Type, type JobContext, type JobLogger } from '../../lib/worker/index.js'
import { startWorker } from '../../lib/worker/worker.js'
import { BY_CANCEL } from '../../lib/job/ending.js'
import { leaseEngine } from '../../lib/engine/index.js'
import type { ResolvedWorkerOptions } from '../../lib/worker/options.js'
import { workerDefaults } from '../helpers/options.js'
import { onEachEngine, redisUrl, silent, uniqueName } from '../helpers/engines.js'
import { latch } from '../helpers/latch.js'
import { eventually, startService } from '../helpers/service.js'
import { startRedis } from '../helpers/redis-server.js'

const schemas = { input: Type.Object({}), output: Type.Object({ ok: Type.Boolean() }) }
const define = () => defineJob({ ...schemas, name: uniqueName() })

t.test('works on what a service submits', t => onEachEngine(t, async (t, { connection }) => {
  const job = define()
  const { submit, until, result } = await startService(t, { job, connection })
  const { body: { jobId } } = await submit({})
  const worker = createWorker(job, () => ({ ok: true }), { connection, log: silent })
  t.teardown(() => worker.close())
  await worker.ready()
  await until(jobId, 'completed')
  t.match(await result(jobId), { body: { ok: true } })
}))

t.test('runs as many jobs at a time as it is told', t => onEachEngine(t, async (t, { connection }) => {
  const job = define()
  const { submit, until } = await startService(t, { job, connection })
  const full = latch()
  const end = latch()
  let running = 0
  let most = 0
  const worker = createWorker(job, async () => {
    most = Math.max(most, ++running)
    if (running === 3) full.open()
    await end.promise
    running--
    return { ok: true }
  }, { connection, concurrency: 3, log: silent })
  t.teardown(() => worker.close())
  const jobs = await Promise.all(Array.from({ length: 5 }, () => submit({})))
  await full.promise
  end.open()
  for (const { body } of jobs) await until(body.jobId, 'completed')
  t.equal(most, 3)
}))

t.test('runs a module sandboxed', t => onEachEngine(t, async (t, { connection }) => {
  for (const sandbox of ['thread', 'process'] as const) {
    const job = defineJob({ name: uniqueName(), input: Type.Object({ do: Type.String() }), output: Type.Object({ attempt: Type.Integer(), pid: Type.Integer(), threadId: Type.Integer() }) })
    const { submit, until, result } = await startService(t, { job, connection })
    const worker = createWorker(job, new URL('../fixtures/processor.js', import.meta.url), { connection, sandbox, log: silent })
    t.teardown(() => worker.close())
    const { body: { jobId } } = await submit({ do: 'describe' })
    await until(jobId, 'completed')
    const { body } = await result<{ pid: number, threadId: number }>(jobId)
    t.match(body, { attempt: 1 })
    t.ok(sandbox === 'thread' ? body.threadId !== 0 : body.pid !== process.pid)
  }
}))

t.test('a processor is told that its job was canceled, wherever it runs', t => onEachEngine(t, async (t, { connection }) => {
  for (const sandbox of ['thread', 'process'] as const) {
    const job = defineJob({ name: uniqueName(), input: Type.Object({ do: Type.String() }), output: Type.Unknown() })
    const { app, submit, until } = await startService(t, { job, connection })
    const told = latch<unknown>()
    const log: JobLogger = { ...silent, info: (fields: object | string, message?: string) => { if (message === 'aborted') told.open(fields) } }
    const worker = createWorker(job, new URL('../fixtures/processor.js', import.meta.url), { connection, sandbox, log })
    t.teardown(() => worker.close())
    const { body: { jobId } } = await submit({ do: 'wait for abort' })
    await eventually(() => app.jobs(job).status(jobId), ({ progress }) => progress === 1)
    t.match(await app.jobs(job).cancel(jobId), { status: 'canceled', cancelRequested: true })
    t.match(await told.promise, { code: 'CANCELED', jobError: true }, sandbox)
    const next = (await submit({ do: 'describe' })).body.jobId
    await until(next, 'completed')
    t.match(await app.jobs(job).status(jobId), { status: 'canceled' }, 'and the worker goes on')
  }
}))

t.test('chunks from a sandbox reach who watches', t => onEachEngine(t, async (t, { connection }) => {
  for (const sandbox of ['thread', 'process'] as const) {
    const job = defineJob({ name: uniqueName(), input: Type.Object({ do: Type.String() }), output: Type.Null() })
    const { app } = await startService(t, { job, connection, processor: new URL('../fixtures/processor.js', import.meta.url), worker: { sandbox } })
    const jobs = app.jobs(job)
    const { jobId } = await jobs.submit({ do: 'write' })
    const chunks = []
    for await (const event of jobs.events(jobId)) if (event.type === 'output') chunks.push(event.data)
    t.strictSame(chunks, ['first\nline', { deep: [null] }, 0], sandbox)
  }
}))

t.test('a sandbox that ignores its timeout is killed', async t => {
  const job = defineJob({ name: uniqueName(), input: Type.Object({ do: Type.String() }), output: Type.Null(), attempts: 1, timeout: 300 })
  const { submit, until } = await startService(t, { job, connection: redisUrl() })
  const worker = createWorker(job, new URL('../fixtures/processor.js', import.meta.url), { connection: redisUrl(), log: silent })
  const { body: { jobId } } = await submit({ do: 'loop' })
  t.match(await until(jobId, 'failed'), { error: { code: 'TIMEOUT' } })
  await worker.close()
})

t.test('closing lets running jobs finish, and takes no further ones', t => onEachEngine(t, async (t, { connection }) => {
  const job = define()
  const { submit, status, until } = await startService(t, { job, connection })
  const taken = latch()
  const end = latch()
  const worker = createWorker(job, async () => { taken.open(); await end.promise; return { ok: true } }, { connection, log: silent })
  const running = (await submit({})).body.jobId
  await taken.promise
  const closing = worker.close()
  const later = (await submit({})).body.jobId
  end.open()
  await closing
  t.equal(worker.close(), worker.close(), 'closing is one promise')
  await until(running, 'completed')
  t.match(await status(later), { body: { status: 'pending', attempt: 0 } })
}))

t.test('a job that does not finish in time goes back to the queue', t => onEachEngine(t, async (t, { connection }) => {
  const job = define()
  const { submit, until, status } = await startService(t, { job, connection })
  const taken = latch()
  const first = createWorker(job, async (_input, { signal }) => {
    taken.open()
    await new Promise((_resolve, reject) => { signal.addEventListener('abort', () => { reject(signal.reason) }) })
    return { ok: false }
  }, { connection, closeTimeout: 10, log: silent })
  const { body: { jobId } } = await submit({})
  await taken.promise
  await first.close()
  t.match((await status(jobId)).body, { status: 'pending' })
  const second = createWorker(job, (_input, { attempt }) => ({ ok: attempt === 1 }), { connection, log: silent })
  t.teardown(() => second.close())
  t.match(await until(jobId, 'completed'), { attempt: 1 }, 'and costs no attempt')
}))

t.test('an attempt that lost its lock is aborted', async t => {
  const job = define()
  const { app, submit } = await startService(t, { job, connection: redisUrl() })
  const taken = latch<string>()
  const aborted = latch<unknown>()
  const told = latch<unknown>()
  const log: JobLogger = { ...silent, error: (...line: unknown[]) => { told.open(line) } }
  const worker = createWorker(job, async (_input, { signal, jobId }) => {
    signal.addEventListener('abort', () => { aborted.open(signal.reason) })
    taken.open(jobId)
    await aborted.promise
    return { ok: true }
  }, { connection: redisUrl(), lockDuration: 200, log })
  t.teardown(() => worker.close())
  await submit({})
  const jobId = await taken.promise
  const { queue } = app.jobs(job)
  const client = await queue.getBackend().client
  await client.del(`${queue.toKey(jobId)}:lock`)
  t.match(await aborted.promise, { message: 'The job lost its lock: another worker may run it' })
  t.match(await told.promise, [{ job: job.name, jobId }, 'The lock of a job could not be renewed'])
})

t.test('a job that lost its lock without anybody noticing does not complete', async t => {
  const job = define()
  const { app, submit, status } = await startService(t, { job, connection: redisUrl() })
  const { queue } = app.jobs(job)
  const client = await queue.getBackend().client
  const told = latch<unknown>()
  const log: JobLogger = { ...silent, error: (...line: unknown[]) => { told.open(line) } }
  const worker = createWorker(job, async (_input, { jobId }) => {
    await client.del(`${queue.toKey(jobId)}:lock`)
    return { ok: true }
  }, { connection: redisUrl(), log })
  t.teardown(() => worker.close())
  const { body: { jobId } } = await submit({})
  t.match(await told.promise, [{ job: job.name, err: /lock/ }, 'The worker has a problem'])
  t.match((await status(jobId)).body, { status: 'pending' }, 'and waits for a worker that takes it over')
})

t.test('closes while Redis is away', async t => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const job = define()
  const { submit } = await startService(t, { job, connection: redis.url })
  const taken = latch()
  const worker = createWorker(job, async (_input, { signal }) => {
    taken.open()
    await new Promise(resolve => { signal.addEventListener('abort', resolve) })
    return { ok: true }
  }, { connection: redis.url, closeTimeout: 0, log: silent })
  await submit({})
  await taken.promise
  await redis.kill()
  await worker.close()
  t.pass('it closed')
})

t.test('a Redis that is away when a job writes and ends costs it no attempt', async t => {
  const redis = await startRedis({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] })
  t.teardown(() => redis.stop())
  const job = define()
  const { submit, status, until } = await startService(t, { job, connection: redis.url })
  const away = latch()
  let runs = 0
  const worker = createWorker(job, async (_input, { write }) => {
    if (++runs === 1) {
      await redis.kill()
      await write('a chunk')
    }
    return { ok: true }
  }, { connection: { host: '127.0.0.1', port: redis.port }, log: { ...silent, warn: () => { away.open() } } })
  t.teardown(() => worker.close())
  const { body: { jobId } } = await submit({})
  await away.promise
  await redis.restart()
  await eventually(() => status(jobId), ({ statusCode }) => statusCode === 200)
  t.match(await until(jobId, 'completed'), { attempt: 1 })
})

t.test('waits for a Redis that is not there yet', async t => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  await redis.kill()
  const job = define()
  const worker = createWorker(job, () => ({ ok: true }), { connection: redis.url, log: silent })
  t.teardown(() => worker.close())
  await redis.restart()
  await worker.ready()
  const { submit, until } = await startService(t, { job, connection: redis.url })
  const { body: { jobId } } = await eventually(() => submit({}), ({ statusCode }) => statusCode === 202)
  await until(jobId, 'completed')
})

t.test('takes no job where its module cannot be loaded', async t => {
  const job = defineJob({ ...schemas, name: uniqueName(), attempts: 1 })
  const { submit, status } = await startService(t, { job, connection: redisUrl() })
  const { body: { jobId } } = await submit({})
  for (const sandbox of ['thread', 'process'] as const) {
    const worker = createWorker(job, new URL('../fixtures/broken-processor.js', import.meta.url), { connection: redisUrl(), sandbox, log: silent })
    await t.rejects(worker.ready(), { code: 'PROCESSOR_MODULE', message: /broken-processor\.js cannot be loaded: cannot load/ })
    await worker.close()
  }
  t.match((await status(jobId)).body, { status: 'pending', attempt: 0 })
  const hanging = createWorker(job, new URL('../fixtures/hanging-processor.js', import.meta.url), { connection: redisUrl(), log: silent })
  await hanging.close()
  await hanging.ready()
})

t.test('refuses', async t => {
  const job = define()
  const processor = (): { ok: boolean } => ({ ok: true })
  t.throws(() => createWorker(job, processor, {} as never), { message: 'options.connection is required' })
  t.throws(() => createWorker(job, processor, { connection: 'memory:' }), { message: /options\.connection must be shared with the service/ })
  t.throws(() => createWorker(job, processor, { connection: redisUrl(), threads: 2 } as never), { message: /options\.threads is no option/ })
  t.throws(() => createWorker(job, undefined as never, { connection: redisUrl() }), { message: /processor is required/ })
  t.throws(() => createWorker(job, new URL('../nowhere.js', import.meta.url), { connection: redisUrl() }), { code: 'PROCESSOR_MODULE' })
  const worker = createWorker(job, processor, { connection: 'mysql://db' })
  await t.rejects(worker.ready(), { message: /options\.connection must begin with/ })
  await worker.close()
})

t.test('without a logger it writes to the console', async t => {
  const job = defineJob({ ...schemas, name: uniqueName(), attempts: 1 })
  const { submit, until } = await startService(t, { job, connection: redisUrl() })
  const { warn } = console
  const lines: unknown[][] = []
  console.warn = (...line) => { lines.push(line) }
  t.teardown(() => { console.warn = warn })
  const worker = createWorker(job, () => { throw new Error('the reason') }, { connection: redisUrl() })
  t.teardown(() => worker.close())
  const { body: { jobId } } = await submit({})
  await until(jobId, 'failed')
  t.match(lines, [[/^The attempt failed \{\n/]])
  for (const told of [job.name, jobId, 'attempt: 1', 'the reason']) t.match(lines, [[told]])
})

t.test('one that is closed before the store was there fails nobody who waits for it', async t => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  await redis.kill()
  const refused = latch()
  const worker = createWorker(define(), () => ({ ok: true }), { connection: redis.url, log: { ...silent, warn: () => { refused.open() } } })
  const ready = worker.ready()
  await refused.promise
  // It has begun, and waits.
  for (let turns = 0; turns < 10; turns++) await setImmediate()
  await worker.close()
  await ready
  await worker.ready()
  t.pass('it is over')
})

t.test('one whose start fails begins anew, and says so once', async t => {
  const failed = new Error('Client has encountered a connection error and is not queryable')
  const tries: boolean[] = []
  const open = () => Object.assign(new EventEmitter(), {
    run: async () => {},
    waitUntilReady: async () => { if (tries.push(true) < 5) throw failed },
    close: async () => {}
  })
  const engine = {
    kind: 'postgres',
    available: true,
    noteFailure: () => false,
    wasInterrupted: () => false,
    now: async () => Date.now(),
    openWorker: () => ({ worker: open(), disconnect: () => {} }),
    openEvents: () => ({ read: () => new Promise(() => {}), close: async () => {} })
  } as unknown as Engine
  const told: string[] = []
  const tell = (_fields: string | object, message?: string): void => { told.push(message ?? '') }
  const execution = { load: async () => {}, execute: async () => {}, close: async () => {} }
  const started = startWorker(engine, define(), execution, { concurrency: 1, sandbox: 'thread', lockDuration: 30_000, maxStalledCount: 1, closeTimeout: 0 }, { debug: tell, info: tell, warn: tell, error: tell })
  await started.ready()
  t.equal(tries.length, 5)
  t.match(told, [/^The store refuses what the worker asks of it/, /^The store takes what the worker asks of it/])
  await started.close()
})

t.test('the longest time to close is long', async t => {
  const job = define()
  const { submit, until } = await startService(t, { job, connection: redisUrl() })
  const [running, end] = [latch<AbortSignal>(), latch()]
  const worker = createWorker(job, async (_input, { signal }) => {
    running.open(signal)
    await end.promise
    return { ok: true }
  }, { connection: redisUrl(), closeTimeout: 2 ** 31 - 1, log: silent })
  t.teardown(() => { end.open(); return worker.close() })
  const { body: { jobId } } = await submit({})
  const signal = await running.promise
  const closing = worker.close()
  // Timers that were set to more than one can hold fire in this time.
  await new Promise(resolve => { setTimeout(resolve, 50) })
  t.notOk(signal.aborted)
  end.open()
  await until(jobId, 'completed')
  await closing
})

t.test('a worker whose store cannot be opened tells who waits for it, however late', async t => {
  const worker = createWorker(defineJob({ name: uniqueName(), input: Type.Object({}), output: Type.Object({}) }), async () => ({}), { connection: 'postgres://user:pass/word@127.0.0.1:1/db', log: silent })
  await new Promise(resolve => { setTimeout(resolve, 200) })
  await t.rejects(worker.ready(), { code: 'OPTION_INVALID' })
  await worker.close()
})

t.test('the lock of a job that was canceled is missed by nobody', t => onEachEngine(t, async (t, { connection }) => {
  for (const [how, expected] of [['canceled', []], ['lost', [[{ job: String, jobId: String }, 'The lock of a job could not be renewed']]]] as const) {
    const job = define()
    const { engine, release } = await leaseEngine(connection, {}, silent)
    t.teardown(release)
    const problems: unknown[] = []
    const [running, over] = [latch(), latch()]
    let token = ''
    let runs = 0
    const execute = async (_input: unknown, { signal }: JobContext): Promise<unknown> => {
      if (++runs > 1) return { ok: true }
      running.open()
      await new Promise(resolve => { signal.addEventListener('abort', resolve) })
      over.open()
      return { ok: true }
    }
    // It hears of no cancel but by its lock.
    const deaf: Engine = {
      ...engine,
      openEvents: () => ({ read: () => new Promise(() => {}), close: async () => {} }),
      openWorker: (name, processor, ...rest) => engine.openWorker(name, (job, its) => { token = its as string; return processor(job, its) }, ...rest)
    }
    const log: JobLogger = { ...silent, error: (...line: unknown[]) => { problems.push(line) } }
    const worker = startWorker(deaf, job, { load: async () => {}, execute, close: async () => {} }, { ...workerDefaults, lockDuration: 1_000 } as ResolvedWorkerOptions, log)
    t.teardown(() => worker.close())
    await worker.ready()
    const queue = engine.openQueue(job.name)
    const { id } = await queue.add(job.name, {}, { jobId: randomUUID() })
    await running.promise
    if (how === 'canceled') await engine.endJob(job.name, id as string, BY_CANCEL)
    else await queue.getBackend().moveJobFromActiveToWait(id as string, token)
    await over.promise
    await worker.close()
    t.match(problems, expected, how)
    t.equal(problems.length, expected.length, how)
  }
}))

t.test('a job that is canceled as it ends is no error', t => onEachEngine(t, async (t, { connection }) => {
  const job = define()
  const problems: unknown[] = []
  const log: JobLogger = { ...silent, error: (...line: unknown[]) => { problems.push(line) } }
  const { app } = await startService(t, { job, connection })
  const jobs = app.jobs(job)
  // Before its outcome is stored, and before this worker knows of it.
  const worker = createWorker(job, async (_input, { jobId }) => {
    await jobs.cancel(jobId)
    return { ok: true }
  }, { connection, log })
  t.teardown(() => worker.close())
  for (let count = 0; count < 20; count++) {
    const { jobId } = await jobs.submit({})
    t.match(await jobs.wait(jobId).catch((error: unknown) => error), { code: 'JOB_CANCELED' })
  }
  await worker.close()
  t.strictSame(problems, [])
}))
