import fc from 'fast-check'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { createJobsClient, isJobFailedError, isNetworkError, type JobsClientOptions, type RunOptions, type Transport } from '../../lib/client/index.js'
import { FIRST_BYTE } from '../../lib/client/sse.js'
import { createWorker, defineJob, JobError, Type } from '../../lib/index.js'
import { redisUrl, uniqueName } from '../helpers/engines.js'
import { eventually, startService } from '../helpers/service.js'
import { runningTimers, timeIsOver } from './delays.js'
import { countListeners } from './listeners.js'
import { startProxy, type Fault } from './proxy.js'

/* The client and the plugin, and between them a network that does what networks do. */

const options: JobsClientOptions = { retry: { minDelay: 1, maxDelay: 3, attempts: 50 } }

const define = () => defineJob({
  name: uniqueName(),
  input: Type.Object({
    /** What a submission is known by. */
    mark: Type.String(),
    chunks: Type.Integer(),
    /** How it ends; `canceled`: not by itself. */
    end: Type.Union([Type.Literal('completed'), Type.Literal('failed'), Type.Literal('canceled')])
  }),
  output: Type.Object({ sum: Type.Integer() }),
  attempts: 1
})

/** A worker, a service that can be replaced by another one, and the proxy before it. */
async function setup (t: Test) {
  const definition = define()
  /** The ids of the jobs that were worked on, by their marks. */
  const effects = new Map<string, Set<string>>()
  /** Called when a job runs that does not end by itself. */
  let onEndless = (): void => {}
  const worker = createWorker(definition, async ({ mark, chunks, end }, { jobId, write, signal }) => {
    effects.set(mark, (effects.get(mark) ?? new Set()).add(jobId))
    for (let index = 0; index < chunks; index++) await write(`${mark} ${index} \u2028 ünd so weiter`)
    if (end === 'failed') throw new JobError('NO_LUCK', 'No luck.')
    if (end === 'canceled') {
      onEndless()
      await new Promise<void>(resolve => { signal.addEventListener('abort', () => { resolve() }) })
    }
    return { sum: chunks }
  }, { connection: redisUrl(), concurrency: 50 })
  t.teardown(() => worker.close())

  const start = async (): Promise<{ app: FastifyInstance, origin: string }> => {
    const { app } = await startService(t, { job: definition, connection: redisUrl(), pollAfter: { min: 1, max: 5 } })
    return { app, origin: await app.listen({ port: 0, host: '127.0.0.1' }) }
  }
  let service = await start()
  await worker.ready()
  const proxy = await startProxy(t, {
    origin: () => service.origin,
    async restart () {
      const old = service
      service = await start()
      await old.app.close()
    }
  })
  proxy.onBuffer = () => { timeIsOver(FIRST_BYTE) }
  const connect = (more: JobsClientOptions = {}) => createJobsClient<typeof definition>(`${proxy.origin}/jobs`, { ...options, ...more })

  /** How many jobs were stored for a mark, and whether all are final. */
  const stored = async (mark: string): Promise<{ count: number, final: boolean }> => {
    const jobs = (await service.app.jobs(definition).queue.getJobs()).filter(job => job?.data.mark === mark)
    return { count: jobs.length, final: jobs.every(job => job.finishedOn !== undefined) }
  }
  return { connect, proxy, effects, stored, onEndless (call: () => void) { onEndless = call } }
}

let marks = 0

/** Runs a job through these faults. */
async function run ({ connect, proxy }: Awaited<ReturnType<typeof setup>>, faults: Fault[], { chunks = 3, end = 'completed' as 'completed' | 'failed' | 'canceled', ...more }: RunOptions & { chunks?: number, end?: 'completed' | 'failed' | 'canceled' } = {}, client: JobsClientOptions = {}) {
  const mark = `mark-${++marks}`
  proxy.faults = [...faults]
  proxy.seen.length = 0
  const outputs: number[] = []
  const ways: Transport[] = []
  const outcome: { value?: unknown, error?: unknown } = await connect(client).run({ mark, chunks, end }, {
    ...more,
    onTransport: way => { ways.push(way) },
    onOutput ({ index, data }) {
      if (data !== `${mark} ${index} \u2028 ünd so weiter`) throw new Error(`chunk ${index} is ${JSON.stringify(data)}`)
      outputs.push(index)
    }
  }).then(value => ({ value }), (error: unknown) => ({ error }))
  return { mark, outcome, outputs, ways, requests: [...proxy.seen] }
}

const pass: Fault = { kind: 'pass' }

t.test('one fault at a time', async t => {
  const world = await setup(t)
  const cases: Record<string, { faults: Fault[], ways?: Transport[], requests?: string[] }> = {
    none: { faults: [], ways: ['sse'] },
    'the submission is refused': { faults: [{ kind: 'refuse' }], ways: ['sse'] },
    'the answer to the submission is lost': { faults: [{ kind: 'lose' }] },
    'the submission arrives twice': { faults: [{ kind: 'twice' }] },
    'the submission is answered 503': { faults: [{ kind: 'busy', retryAfter: 0 }] },
    'half the answer to the submission arrives': { faults: [{ kind: 'cut', after: 20 }] },
    'the server restarts between submission and events': { faults: [pass, { kind: 'restart' }], ways: ['sse'] },
    'the server restarts between events and result': { faults: [pass, pass, { kind: 'restart' }], ways: ['sse'] },
    'the stream is refused': { faults: [pass, { kind: 'refuse' }, { kind: 'busy', retryAfter: 0 }], ways: ['sse'] },
    'the result is lost': { faults: [pass, pass, { kind: 'lose' }, { kind: 'cut', after: 3 }, { kind: 'busy', retryAfter: 0 }], ways: ['sse'] },
    'all of it is slow': { faults: [{ kind: 'delay', ms: 20 }, { kind: 'delay', ms: 20 }, { kind: 'delay', ms: 20 }], ways: ['sse'] }
  }
  for (const [name, { faults, ways }] of Object.entries(cases)) {
    const { mark, outcome, outputs, ways: seen } = await run(world, faults)
    t.same(outcome, { value: { sum: 3 } }, name)
    t.same(outputs, [0, 1, 2])
    if (ways !== undefined) t.same(seen, ways)
    t.equal(world.effects.get(mark)?.size, 1)
    t.match(await world.stored(mark), { count: 1 })
  }
})

t.test('a stream that is cut anywhere tells everything once', async t => {
  const world = await setup(t)
  for (let after = 1; after < 1_500; after += 61) {
    const { outcome, outputs, ways } = await run(world, [pass, { kind: 'cut', after }, { kind: 'cut', after: after + 30 }])
    t.same({ outcome, outputs, ways }, { outcome: { value: { sum: 3 } }, outputs: [0, 1, 2], ways: ['sse'] }, `after ${after} bytes`)
  }
})

t.test('a proxy that keeps the stream back until its end', async t => {
  const world = await setup(t)
  const controller = new AbortController()
  // One that goes on until it is canceled: its stream does not end by itself.
  const running = run(world, [pass, { kind: 'buffer' }], { end: 'canceled', signal: controller.signal, cancelOnAbort: true })
  await eventually(async () => world.proxy.seen, seen => seen.some(path => path.includes('?wait=')))
  controller.abort('enough')
  const { outcome, ways, mark } = await running
  t.same(outcome, { error: 'enough' })
  t.same(ways, ['sse', 'long-poll'])
  await eventually(() => world.stored(mark), ({ final }) => final)

  const { outcome: completed, outputs } = await run(world, [pass, { kind: 'buffer' }, { kind: 'delay', ms: 50 }, { kind: 'buffer' }])
  t.same({ completed, outputs }, { completed: { value: { sum: 3 } }, outputs: [0, 1, 2] })
})

t.test('Retry-After is waited for', async t => {
  const world = await setup(t)
  const begun = Date.now()
  const { outcome } = await run(world, [{ kind: 'busy', retryAfter: 1 }])
  t.same(outcome, { value: { sum: 3 } })
  t.ok(Date.now() - begun >= 990, `${Date.now() - begun} ms`)
})

const anyFault: fc.Arbitrary<Fault> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Fault>({ kind: 'pass' }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('cut' as const), after: fc.integer({ min: 1, max: 1_500 }) }) },
  { weight: 2, arbitrary: fc.constantFrom<Fault>({ kind: 'refuse' }, { kind: 'lose' }, { kind: 'twice' }, { kind: 'busy', retryAfter: 0 }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delay' as const), ms: fc.integer({ min: 0, max: 10 }) }) },
  { weight: 1, arbitrary: fc.constantFrom<Fault>({ kind: 'buffer' }, { kind: 'restart' }) }
)

const anyRun = fc.record({
  faults: fc.array(anyFault, { maxLength: 10 }),
  chunks: fc.integer({ min: 0, max: 4 }),
  end: fc.constantFrom('completed' as const, 'failed' as const, 'canceled' as const),
  /** With which request the caller aborts, if at all. */
  abortAt: fc.option(fc.integer({ min: 1, max: 8 }), { nil: undefined }),
  transport: fc.constantFrom('auto' as const, 'auto' as const, 'sse' as const, 'long-poll' as const, 'poll' as const)
})

t.test('whatever happens, in whatever order', async t => {
  const world = await setup(t)
  let runs = 0
  await fc.assert(fc.asyncProperty(anyRun, async ({ faults, chunks, end, abortAt, transport }) => {
    runs++
    const controller = new AbortController()
    const listeners = countListeners(controller.signal)
    const why = new Error('enough')
    world.proxy.onRequest = count => { if (count === abortAt) controller.abort(why) }
    // What does not end by itself is aborted at the latest when it runs.
    world.onEndless(() => { controller.abort(why) })
    const { mark, outcome, outputs } = await run(world, faults, { chunks, end, signal: controller.signal }, { transport })
    world.proxy.onRequest = () => {}

    // Every chunk once and in order; where the call was ended, so far.
    const { aborted } = controller.signal
    const inOrder = outputs.every((chunk, index) => chunk === index)
    if (!inOrder || (!aborted && end !== 'canceled' && !isNetworkError(outcome.error) && outputs.length !== chunks)) throw new Error(`The chunks were ${outputs}`)

    const right = [
      end === 'completed' && (outcome.value as { sum?: number } | undefined)?.sum === chunks,
      end === 'failed' && isJobFailedError(outcome.error) && outcome.error.failure.code === 'NO_LUCK' && outcome.error.jobId !== undefined,
      aborted && outcome.error === why,
      // Who insists on streams gets none through a proxy that keeps them back.
      transport === 'sse' && faults.some(({ kind }) => kind === 'buffer') && isNetworkError(outcome.error) && outcome.error.jobId !== undefined
    ]
    if (!right.includes(true)) throw outcome.error

    // Whatever was sent twice, one job; what was aborted is canceled, and nothing is left open.
    await eventually(async () => runningTimers() + world.proxy.open(), open => open === 0)
    if (!aborted && listeners() > 0) throw new Error('A listener is left.')
    const { count } = await eventually(() => world.stored(mark), ({ final }) => final || !aborted)
    if (count > 1 || (count === 0 && !aborted)) throw new Error(`There are ${count} jobs.`)
    if ((world.effects.get(mark)?.size ?? 0) > 1) throw new Error('It was worked on as several jobs.')
  }), { numRuns: 100, interruptAfterTimeLimit: 15_000, markInterruptAsFailure: false })
  t.ok(runs > 0, `${runs} runs`)
})
