import t from 'tap'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { openSandbox } from '../../../lib/worker/sandbox/pool.js'
import { latch } from '../../helpers/latch.js'
import { context, fixture, LIMITS, onEachKind } from '../../helpers/sandbox.js'

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

t.test('outlives a processor that dies, and opens a new sandbox', t => onEachKind(t, async (t, open) => {
  const { execute } = open()
  await t.rejects(execute({ do: 'exit' }, context()), { message: /The sandbox ended in the middle of the job: exit code 7/ })
  await t.rejects(execute({ do: 'throw outside' }, context()), { message: 'outside its promise' })
  t.match(await execute({ do: 'describe' }, context()), { jobId: 'a-job' })
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

t.test('what it has loaded, the first job finds there', t => onEachKind(t, async (t, open) => {
  const opened: unknown[] = []
  const count = (sandbox: unknown): void => { opened.push(sandbox) }
  process.on('worker', count)
  subscribe('child_process', count)
  t.teardown(() => { process.off('worker', count); unsubscribe('child_process', count) })
  const { load, execute } = open()
  await load()
  t.equal(opened.length, 1)
  await execute({ do: 'describe' }, context())
  t.equal(opened.length, 1)
}))

t.test('a module that is never loaded', t => onEachKind(t, async (t, open) => {
  const ended = { code: 'PROCESSOR_MODULE', message: /hanging-processor\.js ended its sandbox while it was loaded/ }
  const controller = new AbortController()
  const run = open(fixture('hanging-processor.js')).execute({}, context(controller))
  controller.abort(new Error('enough'))
  await t.rejects(run, ended, 'is given up with the attempt')

  const { load, close } = open(fixture('hanging-processor.js'))
  const loading = t.rejects(load(), ended)
  await close()
  await loading
}))

t.test('a process that cannot be started', async t => {
  for (const [execPath, says] of [['/nowhere', 'spawn /nowhere ENOENT'], ['/etc/passwd/node', 'spawn ENOTDIR']] as const) {
    t.intercept(process, 'execPath', { value: execPath })
    const { load, close } = openSandbox(fixture('processor.js'), 'process', LIMITS)
    await t.rejects(load(), { code: 'PROCESSOR_MODULE', message: `cannot be loaded: ${says}` })
    await close()
  }
})

t.test('a module that is none', t => onEachKind(t, async (t, open) => {
  await t.rejects(open(fixture('no-processor.js')).load(), { code: 'PROCESSOR_MODULE' })
  await t.rejects(open(fixture('no-processor.js')).execute({}, context()), { code: 'PROCESSOR_MODULE', message: /no-processor\.js cannot be loaded: it has no function as its default export/ })
  await t.rejects(open(fixture('broken-processor.js')).execute({}, context()), { code: 'PROCESSOR_MODULE', message: /broken-processor\.js cannot be loaded: cannot load/, cause: { stack: /fixtures.broken-processor/ } })
  await t.rejects(open(fixture('exiting-processor.js')).execute({}, context()), { code: 'PROCESSOR_MODULE', message: /exiting-processor\.js ended its sandbox while it was loaded, with exit code 5/ })
  t.match(await open(fixture('processor.js').href).execute({ do: 'describe' }, context()), { jobId: 'a-job' }, 'a file: URL as text')
  t.throws(() => open(fixture('nowhere.js')), { code: 'PROCESSOR_MODULE', message: /nowhere\.js does not exist/ })
  t.throws(() => open('../processor.js'), { code: 'PROCESSOR_MODULE', message: /relative path/ })
  t.throws(() => open(new URL('https://example.com/processor.js')), { code: 'PROCESSOR_MODULE', message: /does not exist/ })
}))
