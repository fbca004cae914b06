import t from 'tap'
import type { JobContext } from '../../../lib/index.js'
import { perform, type Performance } from '../../../lib/worker/sandbox/perform.js'
import { createPost } from '../../../lib/worker/sandbox/post.js'
import { LIMITS } from '../../helpers/sandbox.js'
import { ODD_ERRORS, ODD_JOB_ERRORS } from '../../helpers/odd-errors.js'

function start (processor: (input: unknown, context: JobContext) => unknown): { performance: Performance, sent: unknown[], done (id: number): void } {
  const sent: unknown[] = []
  const post = createPost(text => { sent.push(JSON.parse(text)) })
  const order = { input: { a: 1 }, jobId: 'a-job', attempt: 2, maxAttempts: 3 }
  return { performance: perform(processor as never, order, LIMITS, post), sent, done (id) { post.done(id, {}) } }
}

const endingOf = async (processor: Parameters<typeof start>[0]): Promise<unknown> => JSON.parse(await start(processor).performance.ending)

t.test('a run', async t => {
  t.strictSame(await endingOf((input, { jobId, attempt, maxAttempts }) => ({ input, jobId, attempt, maxAttempts })),
    { type: 'completed', output: { input: { a: 1 }, jobId: 'a-job', attempt: 2, maxAttempts: 3 } })
  t.strictSame(await endingOf(async () => {}), { type: 'completed', output: null })
  t.match(await endingOf(() => () => {}), { type: 'failed', failure: { jobError: { code: 'OUTPUT_INVALID', retryable: true } } })
})

t.test('what it throws, whatever that is', async t => {
  for (const [name, [make]] of Object.entries(ODD_ERRORS)) {
    t.match(await endingOf(() => { throw make() }), { type: 'failed', failure: { name: String, message: String } }, name)
    t.match(await endingOf(async () => { throw make() }), { type: 'failed', failure: { name: String, message: String } }, name)
  }
  for (const [name, make] of Object.entries(ODD_JOB_ERRORS)) {
    t.match(await endingOf(() => { throw make() }), { type: 'failed', failure: { jobError: { code: 'NO_TEXT', status: 422, retryable: false } } }, name)
  }
})

t.test('it ends when all that it told is out', async t => {
  const { performance, sent, done } = start((_input, { write }) => { void write('a'); void write('b') })
  let ended = false
  void performance.ending.then(() => { ended = true })
  for (const id of [0, 1]) {
    await new Promise(resolve => { setImmediate(resolve) })
    t.notOk(ended)
    done(id)
  }
  await performance.ending
  t.match(sent, [{ chunks: ['a'] }, { chunks: ['b'] }])
})

t.test('an abort', async t => {
  const { performance } = start(async (_input, { signal }) => await new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => { reject(signal.reason) })
  }))
  performance.abort(new Error('enough'))
  t.match(JSON.parse(await performance.ending), { type: 'failed', failure: { message: 'enough' } })
})

t.test('an abort when the processor has returned is not its business', async t => {
  let signal: AbortSignal | undefined
  const { performance, sent } = start((_input, context) => { ({ signal } = context); void context.write('a'); void context.write('b') })
  await new Promise(resolve => { setImmediate(resolve) })
  performance.abort(new Error('enough'))
  t.match(JSON.parse(await performance.ending), { type: 'completed' })
  t.notOk(signal?.aborted)
  t.equal(sent.length, 1, 'but nobody waits for what it has told')
})
