import t from 'tap'
import { Writable } from 'node:stream'
import { mock } from 'node:test'
import { writePieces } from '../../lib/routes/write-pieces.js'

/** A client that takes a piece only when it is told to. */
function slow (): { to: Writable, taken: Buffer[], take: Array<() => void> } {
  const taken: Buffer[] = []
  const take: Array<() => void> = []
  const to = new Writable({ highWaterMark: 1, write (piece: Buffer, _encoding, done) { taken.push(piece); take.push(() => { done() }) } })
  return { to, taken, take }
}

const turn = () => new Promise(resolve => { setImmediate(resolve) })

t.test('however slowly a client reads, it gets all', async t => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  const { to, taken, take } = slow()
  const text = 'ü'.repeat(100_000)
  const writing = writePieces(to, text, new AbortController().signal)
  for (let n = 0; n < 4; n++) {
    await turn()
    mock.timers.tick(14_000)
    take.shift()?.()
  }
  t.equal(await writing, 'sent')
  t.equal(String(Buffer.concat(taken)), text)
  t.ok(taken.every(({ length }) => length <= 65_536))
})

t.test('one that does not read a piece does not get the next', async t => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  const { to, taken } = slow()
  const writing = writePieces(to, 'x'.repeat(100_000), new AbortController().signal)
  mock.timers.tick(15_000)
  t.equal(await writing, 'stuck')
  t.equal(taken.length, 1)
})
