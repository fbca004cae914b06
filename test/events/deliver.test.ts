import t from 'tap'
import { getEventListeners } from 'node:events'
import { mock } from 'node:test'
import { deliver, deliverPieces } from '../../lib/events/deliver.js'

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

/** A client that takes a piece only when it is told to. */
function slowClient (): { send: (piece: Buffer, last: boolean) => Promise<void>, sent: Array<[piece: Buffer, last: boolean]>, take: Array<() => void> } {
  const sent: Array<[Buffer, boolean]> = []
  const take: Array<() => void> = []
  return { send: (...piece) => { sent.push(piece); return new Promise(resolve => { take.push(resolve) }) }, sent, take }
}

const turn = () => new Promise(resolve => { setImmediate(resolve) })

t.test('however slowly a client reads, it gets all', async t => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  const { send, sent, take } = slowClient()
  const text = 'ü'.repeat(100_000)
  const delivering = deliverPieces(Buffer.from(text), send, new AbortController().signal)
  for (let n = 0; n < 4; n++) {
    await turn()
    mock.timers.tick(14_000)
    take.shift()?.()
  }
  t.equal(await delivering, 'sent')
  t.equal(String(Buffer.concat(sent.map(([piece]) => piece))), text)
  t.ok(sent.every(([{ length }]) => length <= 65_536))
  t.strictSame(sent.map(([, last]) => last), [false, false, false, true])
})

t.test('one that does not read a piece does not get the next', async t => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  const { send, sent } = slowClient()
  const delivering = deliverPieces(Buffer.alloc(100_000), send, new AbortController().signal)
  mock.timers.tick(15_000)
  t.equal(await delivering, 'stuck')
  t.equal(sent.length, 1)
})
