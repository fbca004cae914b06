import t from 'tap'
import { getEventListeners } from 'node:events'
import { mock } from 'node:test'
import { deliver } from '../../lib/events/deliver.js'

const never = new Promise<void>(() => {})

t.test('waits until what was sent has left', async t => {
  const { signal } = new AbortController()
  t.equal(await deliver(Promise.resolve(), signal), 'sent')
  t.strictSame(getEventListeners(signal, 'abort'), [], 'and leaves nothing behind')
})

t.test('a client that has gone', async t => {
  t.equal(await deliver(Promise.reject(new Error('closed')), new AbortController().signal), 'gone')
  t.equal(await deliver(never, AbortSignal.abort()), 'gone')
  t.equal(await deliver(Promise.reject(new Error('closed')), AbortSignal.abort()), 'gone', 'and its failure is nobody\'s')
  const gone = new AbortController()
  const delivering = deliver(never, gone.signal)
  gone.abort()
  t.equal(await delivering, 'gone')
})

t.test('a client that does not read', async t => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  const delivering = deliver(never, new AbortController().signal)
  mock.timers.tick(15_000)
  t.equal(await delivering, 'stuck')
})
