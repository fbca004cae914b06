import t from 'tap'
import { createChunks, type Chunks } from '../../../lib/worker/sandbox/chunks.js'
import type { Refusals } from '../../../lib/worker/sandbox/messages.js'
import { createPost } from '../../../lib/worker/sandbox/post.js'
import { LIMITS } from '../../helpers/sandbox.js'
import { startClock } from '../../helpers/clock.js'

interface Sent { id: number, chunks: unknown[] }

function open (limits: Partial<typeof LIMITS> = {}): { chunks: Chunks, sent: Sent[], refused: unknown[], done (refusals?: Refusals): void } {
  const sent: Sent[] = []
  const refused: unknown[] = []
  const post = createPost(text => { sent.push(JSON.parse(text) as Sent) })
  return { chunks: createChunks(post, { ...LIMITS, ...limits }, error => { refused.push(error) }), sent, refused, done (refusals = {}) { post.done(sent.length - 1, refusals) } }
}

const tooLarge = { name: 'JobError', code: 'OUTPUT_TOO_LARGE' }

t.test('what is written while a message is under way leaves with the next one, in order', async t => {
  startClock(t)
  const { chunks, sent, done } = open()
  const first = chunks.write('first\nline')
  const others = [chunks.write({ deep: [null] }), chunks.write(0)]
  t.strictSame(sent, [{ type: 'write', id: 0, chunks: ['first\nline'] }])
  done()
  await first
  t.strictSame(sent[1], { type: 'write', id: 1, chunks: [{ deep: [null] }, 0] })
  const empty = chunks.empty()
  done()
  await Promise.all([...others, empty])
})

t.test('a message has so many chunks at most, and so many bytes', async t => {
  startClock(t)
  const { chunks, sent, done } = open()
  for (let n = 0; n < 250; n++) void chunks.write(n)
  const large = 'x'.repeat(40_000)
  for (const chunk of [large, large, 'x'.repeat(100_000), 'a', 'b']) void chunks.write(chunk)
  for (let n = 0; n < 6; n++) done()
  t.strictSame(sent.map(({ chunks }) => chunks.length), [1, 100, 100, 50, 1, 1, 2])
  t.strictSame(sent.slice(0, 4).flatMap(({ chunks }) => chunks), [...Array(250).keys(), large].slice(0, 251))
})

t.test('what the worker refuses is refused', async t => {
  startClock(t)
  const { chunks, done } = open()
  const results = Promise.allSettled(['a', 'b', 'c', 'd'].map(chunk => chunks.write(chunk)))
  done()
  done({ 1: { name: 'TypeError', message: 'no' } })
  t.strictSame((await results).map(({ status }) => status), ['fulfilled', 'fulfilled', 'rejected', 'fulfilled'])
  t.match((await results)[2], { reason: new TypeError('no') })
})

t.test('the sandbox itself refuses what is too much', async t => {
  startClock(t)
  const few = open({ maxOutputChunks: 2 })
  void few.chunks.write('a')
  void few.chunks.write('b')
  const refused = few.chunks.write('c')
  t.match(few.refused, [tooLarge], 'is told at once')
  await t.rejects(refused, tooLarge)
  t.equal(few.chunks.write(1n), refused, 'a loop that writes for ever costs no memory')
  few.done()
  t.strictSame(few.sent.flatMap(({ chunks }) => chunks), ['a', 'b'])

  const small = open({ maxOutputBytes: 6 })
  void small.chunks.write('äb')
  const large = small.chunks.write('c')
  await t.rejects(large, tooLarge)
  t.equal(small.chunks.write('d'), large)
  void small.chunks.write(5)
  small.done()
  t.strictSame(small.sent.flatMap(({ chunks }) => chunks), ['äb', 5], 'what was refused leaves room for others')
})

t.test('a chunk that is not JSON', async t => {
  startClock(t)
  const { chunks, sent, refused } = open()
  await t.rejects(chunks.write(1n), { name: 'TypeError', message: 'is not JSON' })
  await t.rejects(chunks.write(undefined), { message: 'is not JSON, but of type undefined' })
  t.strictSame(sent, [])
  t.equal(refused.length, 2)
})

t.test('after its end nobody waits', async t => {
  startClock(t)
  const { chunks, sent } = open()
  const written = ['a', 'b', 'c'].map(chunk => chunks.write(chunk))
  chunks.end()
  await Promise.all(written)
  await chunks.empty()
  t.equal(sent.length, 1)
})
