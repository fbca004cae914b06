import t from 'tap'
import { getEventListeners } from 'node:events'
import { followSignal } from '../../lib/base/follow-signal.js'

t.test('many follow one signal, which has a single listener', async t => {
  const { signal, abort } = followable()
  const followers = Array.from({ length: 50 }, () => followSignal(signal))
  t.equal(getEventListeners(signal, 'abort').length, 1)
  followers[0]?.release()
  const reason = new Error('enough')
  abort(reason)
  t.strictSame(followers.map(({ signal }) => signal.reason as unknown), [undefined, ...followers.slice(1).map(() => reason)], 'who has let go is not told')
  t.strictSame(getEventListeners(signal, 'abort'), [], 'and is let go of')
  for (const { release } of followers) release()
  const again = followSignal(signal)
  t.equal(again.signal.reason, reason, 'who comes too late is told at once')
  again.release()
  t.strictSame(getEventListeners(signal, 'abort'), [])
})

t.test('the last one who lets go takes the listener along, and others may come', async t => {
  const { signal } = new AbortController()
  const followers = [followSignal(signal), followSignal(signal)]
  followers[0]?.release()
  t.equal(getEventListeners(signal, 'abort').length, 1)
  followers[1]?.release()
  t.strictSame(getEventListeners(signal, 'abort'), [])
  const { release } = followSignal(signal)
  followers[1]?.release()
  t.equal(getEventListeners(signal, 'abort').length, 1, 'who lets go twice takes nothing from others')
  release()
})

t.test('a signal of nobody else', async t => {
  const { signal, release } = followSignal(undefined)
  t.notOk(signal.aborted)
  release()
})

function followable (): { signal: AbortSignal, abort (reason: Error): void } {
  const controller = new AbortController()
  return { signal: controller.signal, abort: reason => { controller.abort(reason) } }
}
