import t from 'tap'
import { setImmediate } from 'node:timers/promises'
import { createStop } from '../../../lib/worker/sandbox/stop.js'

t.test('whoever looks at the signal before', async t => {
  const order: string[] = []
  const stop = createStop(() => { order.push('stopped') })
  const { signal } = stop
  t.equal(stop.signal, signal)
  signal.addEventListener('abort', () => { order.push('told') })
  t.notOk(stop.aborted)
  const reason = new Error('enough')
  stop.abort(reason)
  stop.abort(new Error('again'))
  t.strictSame([stop.aborted, signal.aborted, signal.reason], [true, true, reason])
  t.strictSame(order, ['stopped', 'told'])
})

t.test('or after', async t => {
  const stop = createStop(() => {})
  const reason = new Error('enough')
  stop.abort(reason)
  t.strictSame([stop.signal.aborted, stop.signal.reason], [true, reason])
})

t.test('a signal may have any number of listeners', async t => {
  const warnings: Error[] = []
  const warn = (warning: Error): void => { warnings.push(warning) }
  process.on('warning', warn)
  t.teardown(() => { process.off('warning', warn) })
  const { signal } = createStop(() => {})
  for (let n = 0; n < 50; n++) signal.addEventListener('abort', () => { t.ok(n) })
  await setImmediate()
  t.strictSame(warnings, [])
})
