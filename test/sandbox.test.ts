import t, { type Test } from 'tap'
import { JobError, type JobContext } from '../lib/index.js'
import { openSandbox } from '../lib/sandbox.js'
import { latch } from './helpers/latch.js'

const fixture = (name: string): URL => new URL(`./fixtures/${name}`, import.meta.url)
const LIBRARY = new URL('../lib/errors.js', import.meta.url).href

interface Reports { progress: Array<[number, string | undefined]>, chunks: unknown[], log: unknown[] }

function context (controller = new AbortController(), overrides: Partial<JobContext> = {}): JobContext & { reports: Reports } {
  const reports: Reports = { progress: [], chunks: [], log: [] }
  const line = (level: string) => (...args: unknown[]): void => { reports.log.push([level, ...args]) }
  return {
    jobId: 'a-job',
    attempt: 2,
    maxAttempts: 3,
    signal: controller.signal,
    log: { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') },
    async progress (percent, message) { reports.progress.push([percent, message]) },
    async write (chunk) { reports.chunks.push(chunk) },
    reports,
    ...overrides
  }
}

async function onEachKind (t: Test, test: (t: Test, open: (module?: URL | string) => ReturnType<typeof openSandbox>) => Promise<void>): Promise<void> {
  for (const kind of ['thread', 'process'] as const) {
    await t.test(kind, t => test(t, (module = fixture('processor.js')) => {
      const sandbox = openSandbox(module, kind)
      t.teardown(() => sandbox.close())
      return sandbox
    }))
  }
}

t.test('runs a processor elsewhere', t => onEachKind(t, async (t, open) => {
  const { execute } = open()
  const output = await execute({ do: 'describe', text: 'hé' }, context()) as { pid: number, threadId: number }
  t.match(output, { jobId: 'a-job', attempt: 2, maxAttempts: 3, input: { do: 'describe', text: 'hé' } })
  t.ok(output.pid !== process.pid || output.threadId !== 0)
}))

t.test('keeps a sandbox for the next job, and opens another for one that runs beside', t => onEachKind(t, async (t, open) => {
  const { execute } = open()
  const where = async (): Promise<string> => {
    const { pid, threadId } = await execute({ do: 'describe' }, context()) as { pid: number, threadId: number }
    return `${pid}/${threadId}`
  }
  const first = await where()
  t.equal(await where(), first)
  const [one, two] = await Promise.all([where(), where()])
  t.not(one, two)
}))

t.test('passes progress and log lines out', t => onEachKind(t, async (t, open) => {
  const { execute } = open()
  const ctx = context()
  t.equal(await execute({ do: 'report' }, ctx), null)
  t.strictSame(ctx.reports.progress, [[30, 'a third']])
  t.match(ctx.reports.log, [
    ['debug', {}, 'plain'],
    ['info', { fields: 1 }, 'with fields'],
    ['warn', { err: { type: 'TypeError', message: 'as an error', stack: /fixtures.processor/ } }, 'with an error'],
    ['error', {}, 'with nothing'],
    ['info', { big: '1n' }, 'with what is not JSON']
  ])
}))

t.test('passes chunks out, in order', t => onEachKind(t, async (t, open) => {
  const { execute } = open()
  const ctx = context()
  t.equal(await execute({ do: 'write' }, ctx), null)
  t.strictSame(ctx.reports.chunks, ['first\nline', { deep: [null] }, 0])
  await t.rejects(execute({ do: 'write what is not JSON' }, context()), { message: 'is not JSON' })
  const refused = new JobError('OUTPUT_TOO_LARGE', 'Too much')
  await t.rejects(execute({ do: 'write' }, context(undefined, { write: async () => { throw refused } })), { name: 'JobError', code: 'OUTPUT_TOO_LARGE' }, 'a refusal comes back in')
}))

t.test('tells the processor when its progress could not be stored', t => onEachKind(t, async (t, open) => {
  const { execute } = open()
  const ctx = context(undefined, { progress: async () => { throw new Error('no store') } })
  await t.rejects(execute({ do: 'report' }, ctx), { message: 'no store' })
}))

t.test('a job is not told what an earlier one says later', t => onEachKind(t, async (t, open) => {
  const { execute } = open()
  await execute({ do: 'speak later' }, context())
  const next = context()
  await execute({ do: 'let an earlier one speak' }, next)
  t.strictSame(next.reports, { progress: [], chunks: [], log: [] })
}))

t.test('passes out what was thrown', t => onEachKind(t, async (t, open) => {
  const { execute } = open()
  const thrown = await execute({ do: 'throw' }, context()).catch((error: unknown) => error)
  t.match(thrown, { name: 'Error', message: 'secret' })
  t.match((thrown as Error).stack, /fixtures.processor/, 'with the stack that it had there')
  await t.rejects(execute({ do: 'throw no error' }, context()), { message: 'just text' })
  await t.rejects(execute({ do: 'throw an object' }, context()), { message: '{ no: \'error\' }' })
  await t.rejects(execute({ do: 'throw a JobError', library: LIBRARY, retryable: false }, context()), { name: 'JobError', code: 'NO_TEXT', message: 'There is no text', data: { a: 1 }, status: 422, retryable: false })
  await t.rejects(execute({ do: 'throw a JobError', library: LIBRARY, retryable: true }, context()), { name: 'JobError', code: 'NO_TEXT', message: 'There is no text', retryable: true })
}))

t.test('an output that is not JSON', t => onEachKind(t, async (t, open) => {
  const { execute } = open()
  await t.rejects(execute({ do: 'return a BigInt' }, context()), { name: 'JobError', code: 'OUTPUT_INVALID' })
  await t.rejects(execute({ do: 'return a function' }, context()), { name: 'JobError', code: 'OUTPUT_INVALID' })
  t.equal(await execute({ do: 'return nothing' }, context()), null)
}))

t.test('outlives a processor that dies, and opens a new sandbox', t => onEachKind(t, async (t, open) => {
  const { execute } = open()
  await t.rejects(execute({ do: 'exit' }, context()), { message: /The sandbox ended in the middle of the job: exit code 7/ })
  await t.rejects(execute({ do: 'throw outside' }, context()), { message: 'outside its promise' })
  t.match(await execute({ do: 'describe' }, context()), { jobId: 'a-job' })
}))

t.test('passes an abort in', t => onEachKind(t, async (t, open) => {
  const { execute } = open()
  const controller = new AbortController()
  const running = latch()
  const run = execute({ do: 'wait for abort' }, context(controller, { progress: async () => { running.open() } }))
  await running.promise
  controller.abort(new Error('enough'))
  await t.rejects(run, { message: 'enough' })
  t.match(await execute({ do: 'describe' }, context()), { jobId: 'a-job' })
}))

t.test('kills a sandbox whose processor does not listen', t => onEachKind(t, async (t, open) => {
  const { execute } = open()
  const controller = new AbortController()
  const running = latch()
  const run = execute({ do: 'loop' }, context(controller, { progress: async () => { running.open() } }))
  await running.promise
  controller.abort(new Error('enough'))
  await t.rejects(run, { message: /The sandbox ended/ })
}))

t.test('is told of an abort that came before', t => onEachKind(t, async (t, open) => {
  const { execute } = open()
  const controller = new AbortController()
  controller.abort(new Error('too late'))
  await t.rejects(execute({ do: 'wait for abort' }, context(controller)), { message: 'too late' })
}))

t.test('closing ends what runs', t => onEachKind(t, async (t, open) => {
  const { execute, close } = open()
  const running = latch()
  const run = execute({ do: 'loop' }, context(undefined, { progress: async () => { running.open() } }))
  await running.promise
  const ended = t.rejects(run, { message: /The sandbox ended/ })
  await close()
  await ended
}))

t.test('loads a module by path, and a CommonJS one', t => onEachKind(t, async (t, open) => {
  const { execute } = open(fixture('commonjs-processor.cjs').pathname)
  t.strictSame(await execute({ a: 1 }, context()), { from: 'CommonJS', input: { a: 1 } })
}))

t.test('a module that is none', t => onEachKind(t, async (t, open) => {
  await t.rejects(open(fixture('no-processor.js')).execute({}, context()), { message: /no-processor\.js has no function as its default export/ })
  await t.rejects(open(fixture('broken-processor.js')).execute({}, context()), { message: 'cannot load' })
  await t.rejects(open(fixture('exiting-processor.js')).execute({}, context()), { code: 'PROCESSOR_MODULE', message: /exiting-processor\.js ended its sandbox while it was loaded, with exit code 5/ })
  t.match(await open(fixture('processor.js').href).execute({ do: 'describe' }, context()), { jobId: 'a-job' }, 'a file: URL as text')
  t.throws(() => open(fixture('nowhere.js')), { code: 'PROCESSOR_MODULE', message: /nowhere\.js does not exist/ })
  t.throws(() => open('./processor.js'), { code: 'PROCESSOR_MODULE', message: /relative path/ })
  t.throws(() => open(new URL('https://example.com/processor.js')), { code: 'PROCESSOR_MODULE', message: /does not exist/ })
}))
