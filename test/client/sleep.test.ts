import t from 'tap'
import { sleep, startTimer } from '../../lib/client/sleep.js'
import { runningTimers } from './delays.js'
import { latch } from '../helpers/latch.js'

const forever = 600_000

t.test('it passes', async t => {
  const { signal } = new AbortController()
  const before = Date.now()
  await sleep(20, signal)
  t.ok(Date.now() - before >= 18)
})

t.test('what is past is now', async () => {
  await sleep(-forever, new AbortController().signal)
})

t.test('an abort ends it at once, and its timer', async t => {
  const controller = new AbortController()
  const timers = runningTimers()
  const sleeping = sleep(forever, controller.signal)
  t.equal(runningTimers(), timers + 1)
  const reason = new Error('enough')
  controller.abort(reason)
  t.equal(runningTimers(), timers)
  t.equal(await sleeping.catch((error: unknown) => error), reason)
})

t.test('after an abort it does not begin', async t => {
  const timers = runningTimers()
  const sleeping = sleep(forever, AbortSignal.abort('enough'))
  t.equal(runningTimers(), timers)
  t.equal(await sleeping.catch((error: unknown) => error), 'enough')
})

t.test('a time that no timer holds is not over at once', async t => {
  const other = latch()
  const timer = startTimer(Infinity, () => { t.fail('fired') })
  startTimer(5, other.open)
  await other.promise
  clearTimeout(timer)
})
