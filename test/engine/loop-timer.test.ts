import t from 'tap'
import { startLoopTimer } from '../../lib/engine/loop-timer.js'
import { latch } from '../helpers/latch.js'

t.test('fires when the time is over', async t => {
  const begin = performance.now()
  const fired = latch()
  startLoopTimer(120, fired.open)
  await fired.promise
  t.ok(performance.now() - begin >= 118)
})

t.test('does not count how long the event loop stands still', async t => {
  const fired = latch()
  startLoopTimer(200, fired.open)
  const begin = performance.now()
  while (performance.now() - begin < 400);
  let turns = 0
  const counting = setInterval(() => { turns++ }, 10)
  await fired.promise
  clearInterval(counting)
  t.ok(turns > 5, `${turns} turns for what was to be read`)
})

t.test('can be stopped', async t => {
  const stop = startLoopTimer(60, () => { t.fail('it fired') })
  stop()
  const later = startLoopTimer(120, () => { t.fail('it fired') })
  await new Promise(resolve => { setTimeout(resolve, 80) })
  later()
  await new Promise(resolve => { setTimeout(resolve, 100) })
})
