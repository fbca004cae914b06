import t from 'tap'
import { within } from '../../lib/client/within.js'
import { runningTimers } from './delays.js'
import { countListeners } from './listeners.js'

const never = new Promise<never>(() => {})
const thrownBy = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => 'nothing', (error: unknown) => error)

t.test('without limits it is the work', async t => {
  t.equal(await within(undefined, async () => 42), 42)
  const error = new Error('mine')
  t.equal(await thrownBy(within(undefined, async () => { throw error })), error)
})

t.test('work in time leaves no timer and no listener', async t => {
  const timers = runningTimers()
  const { signal } = new AbortController()
  const listeners = countListeners(signal)
  t.equal(await within(signal, async () => {
    t.equal(runningTimers(), timers + 1)
    t.equal(listeners(), 1)
    return 42
  }, 600_000), 42)
  t.equal(runningTimers(), timers)
  t.equal(listeners(), 0)
})

t.test('an abort ends it with the reason, even where the work does not care', async t => {
  const controller = new AbortController()
  let inner: AbortSignal | undefined
  const running = within(controller.signal, signal => { inner = signal; return never })
  const reason = new Error('enough')
  controller.abort(reason)
  t.equal(await thrownBy(running), reason)
  t.equal(inner?.reason, reason)
})

t.test('an abort without a reason is an AbortError, as the platform has it', async t => {
  const controller = new AbortController()
  const running = within(controller.signal, () => never)
  controller.abort()
  t.match(await thrownBy(running), { name: 'AbortError' })
})

t.test('after an abort the work does not begin', async t => {
  const running = within(AbortSignal.abort('enough'), async () => { t.fail('began') })
  t.equal(await thrownBy(running), 'enough')
})

t.test('the timeout ends it with its own error', async t => {
  const late = new Error('late')
  let inner: AbortSignal | undefined
  t.equal(await thrownBy(within(undefined, signal => { inner = signal; return never }, 1, () => late)), late)
  t.equal(inner?.reason, late)
})

t.test('a time without an error of its own is an AbortError', async t => {
  t.match(await thrownBy(within(undefined, () => never, 1)), { name: 'AbortError' })
})

t.test('work that fails after all that stays quiet', async t => {
  const failing = within(undefined, signal => new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => { setImmediate(reject, new Error('unheard')) })
  }), 1, () => new Error('late'))
  t.match(await thrownBy(failing), { message: 'late' })
  // An unhandled rejection would fail the test.
  await new Promise(resolve => { setImmediate(() => setImmediate(resolve)) })
})
