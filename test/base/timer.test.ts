import t from 'tap'
import { getEventListeners } from 'node:events'
import { mock } from 'node:test'
import { jitter, pause, startTimer } from '../../lib/base/timer.js'

t.test('a timer for any time', async t => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  const fired: number[] = []
  for (const ms of [-5, 0, 1_000, 2 ** 31, Infinity]) startTimer(ms, () => { fired.push(ms) })
  mock.timers.tick(1)
  t.strictSame(fired, [-5, 0], 'what is past is now')
  mock.timers.tick(999)
  t.strictSame(fired, [-5, 0, 1_000])
  mock.timers.tick(2 ** 31 - 1_002)
  t.equal(fired.length, 3)
  mock.timers.tick(1)
  t.strictSame(fired, [-5, 0, 1_000, 2 ** 31, Infinity], 'what no timer can hold fires after the longest one')
})

t.test('can be cleared', async t => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  clearTimeout(startTimer(5, () => { t.fail('it fired') }))
  mock.timers.tick(5)
})

t.test('a delay by chance, never longer', async t => {
  const delays = Array.from({ length: 1_000 }, () => jitter(100))
  t.ok(Math.min(...delays) >= 50 && Math.max(...delays) <= 100)
  t.ok(new Set(delays).size > 900)
})

t.test('a pause ends with its time, or with its signal', async t => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  const controller = new AbortController()
  const first = pause(1_000, controller.signal)
  mock.timers.tick(1_000)
  await first
  t.strictSame(getEventListeners(controller.signal, 'abort'), [], 'and leaves nothing behind')
  const second = pause(1_000, controller.signal)
  controller.abort()
  await second
})
