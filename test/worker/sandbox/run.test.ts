import t from 'tap'
import { JobError } from '../../../lib/index.js'
import { openSandbox } from '../../../lib/worker/sandbox/pool.js'
import { latch } from '../../helpers/latch.js'
import { ODD_ERRORS, ODD_JOB_ERRORS } from '../../helpers/odd-errors.js'
import { context, fixture, LIMITS, onEachKind } from '../../helpers/sandbox.js'

const LIBRARY = new URL('../../../lib/base/errors.js', import.meta.url).href

t.test('passes progress and log lines out', t => onEachKind(t, async (t, open) => {
  const { execute } = open()
  const ctx = context()
  t.equal(await execute({ do: 'report' }, ctx), null)
  t.strictSame(ctx.reports.progress, [[30, 'a third']])
  t.match(ctx.reports.log, [
    ['debug', {}, 'plain'],
    ['info', { fields: 1 }, 'with fields'],
    ['warn', { err: { name: 'TypeError', message: 'as an error', stack: /fixtures.processor/ } }, 'with an error'],
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

t.test('a JobError is known, however odd it is', t => onEachKind(t, async (t, open) => {
  const { execute } = open()
  for (const odd of Object.keys(ODD_JOB_ERRORS)) {
    await t.rejects(execute({ do: 'throw an odd JobError', odd }, context()), { name: 'JobError', code: 'NO_TEXT', message: 'There is no text', status: 422, retryable: false }, odd)
  }
  for (const [odd, [, message]] of Object.entries(ODD_ERRORS)) {
    await t.rejects(execute({ do: 'throw an odd error', odd }, context()), { message: message === 'silent' ? /silent/ : message }, odd)
  }
}))

/** JSON that is nested so deeply. */
const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth))

t.test('what is nested deeply is done, or refused at once', t => onEachKind(t, async (t, open) => {
  const { execute } = open()
  t.equal(await execute({ do: 'measure depth', deep: nested(3_000) }, context()), 3_000)
  await t.rejects(execute({ do: 'measure depth', deep: nested(100_000) }, context()), { name: 'JobError', code: 'INPUT_INVALID', retryable: false, message: 'The input of the job is nested too deeply.' })
  const outcomeOf = async (input: object): Promise<unknown> => await execute(input, context()).catch((error: { code: string }) => error.code)
  for (let depth = 3_500; depth <= 5_000; depth += 100) {
    const [inwards, outwards] = [await outcomeOf({ do: 'measure depth', deep: nested(depth) }), await outcomeOf({ do: 'nest', depth })]
    t.ok(inwards === depth || inwards === 'INPUT_INVALID', `an input of ${depth} levels: ${inwards}`)
    t.ok(Array.isArray(outwards) || outwards === 'OUTPUT_INVALID', `an output of ${depth} levels`)
  }
  await t.rejects(execute({ do: 'nest', depth: 1_000_000 }, context()), { code: 'OUTPUT_INVALID', cause: { cause: RangeError } })
}))

t.test('a signal may have any number of listeners', t => onEachKind(t, async (t, open) => {
  const { execute } = open()
  t.strictSame(await execute({ do: 'listen often' }, context()), [])
}))

t.test('what a terminal sends to all processes is for the worker to decide', async t => {
  const { execute, close } = openSandbox(fixture('processor.js'), 'process', LIMITS)
  t.teardown(close)
  t.equal(await execute({ do: 'signal itself' }, context()), 'alive')
})
