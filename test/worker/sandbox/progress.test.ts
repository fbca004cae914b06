import t from 'tap'
import type { Refusals } from '../../../lib/worker/sandbox/messages.js'
import { createPost } from '../../../lib/worker/sandbox/post.js'
import { createProgress, type Progress } from '../../../lib/worker/sandbox/progress.js'
import { startClock } from '../../helpers/clock.js'

function open (): { progress: Progress, sent: unknown[], done (refusals?: Refusals): void } {
  const sent: unknown[] = []
  const post = createPost(text => { sent.push(JSON.parse(text)) })
  return { progress: createProgress(post), sent, done (refusals = {}) { post.done(sent.length - 1, refusals) } }
}

t.test('of what is reported while a message is under way, the latest leaves', async t => {
  startClock(t)
  const { progress, sent, done } = open()
  const first = progress.report(1, 'one')
  const second = progress.report(2, 'two')
  t.equal(progress.report(3), second, 'who reports without end costs no memory')
  t.strictSame(sent, [{ type: 'progress', id: 0, percent: 1, message: 'one' }])
  done()
  await first
  t.strictSame(sent[1], { type: 'progress', id: 1, percent: 3 })
  const empty = progress.empty()
  done()
  await Promise.all([second, empty])
  t.equal(sent.length, 2)
})

t.test('what the worker refuses is refused', async t => {
  startClock(t)
  const { progress, done } = open()
  const refused = progress.report(1)
  done({ 0: { name: 'Error', message: 'no store' } })
  await t.rejects(refused, { message: 'no store' })
})

t.test('what is no progress at all', async t => {
  startClock(t)
  const { progress, sent, done } = open()
  const cases: Array<[odd: unknown, percent: unknown, message: unknown]> = [
    [NaN, null, null],
    [undefined, 'undefined', undefined],
    [{ a: 1 }, { a: 1 }, { a: 1 }],
    [1n, '1n', '1n'],
    [Symbol('a'), 'Symbol(a)', 'Symbol(a)']
  ]
  for (const [odd] of cases) {
    void progress.report(odd as number, odd as string)
    done()
  }
  t.strictSame((sent as Array<Record<string, unknown>>).map(({ percent, message }) => [percent, message]), cases.map(([, percent, message]) => [percent, message]), 'is for the worker to decide')
})

t.test('after its end nobody waits', async t => {
  startClock(t)
  const { progress, sent } = open()
  const reported = [progress.report(1), progress.report(2)]
  progress.end()
  await Promise.all(reported)
  await progress.empty()
  t.equal(sent.length, 1)
  open().progress.end()
})
