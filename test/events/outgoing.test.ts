import t from 'tap'
import { mock } from 'node:test'
import { createOutgoing, type Outgoing } from '../../lib/events/outgoing.js'

interface Client {
  outgoing: Outgoing
  /** What it was sent, each with whether a message ends there. */
  pieces: Array<[text: string, fin: boolean]>
  /** Takes the oldest piece that it has not taken. */
  take (error?: Error): Promise<void>
  terminated: number
}

function connect (): Client {
  const untaken: Array<(error?: Error) => void> = []
  const client: Client = {
    pieces: [],
    terminated: 0,
    async take (error) {
      untaken.shift()?.(error)
      await turn()
    },
    outgoing: createOutgoing({
      send (piece, { fin }, left) { client.pieces.push([String(piece), fin]); untaken.push(left) },
      terminate () { client.terminated++ }
    })
  }
  return client
}

const turn = () => new Promise(resolve => { setImmediate(resolve) })
const long = { text: 'x'.repeat(100_000) }
const longText = JSON.stringify(long)

t.test('one message after the other, a long one in pieces', async t => {
  const { outgoing, pieces, take } = connect()
  const sending = [outgoing.send(long), outgoing.send({ next: true })]
  await turn()
  t.strictSame(pieces, [[longText.slice(0, 65_536), false]])
  t.equal(outgoing.sent, 0)
  await take()
  t.strictSame(pieces.slice(1), [[longText.slice(65_536), true]])
  t.equal(outgoing.sent, 65_536)
  await take()
  t.strictSame(pieces.slice(2), [['{"next":true}', true]])
  await take()
  await Promise.all(sending)
  t.equal(outgoing.sent, longText.length + 13)
})

t.test('what nobody waits for any more stays, unless it has begun to leave', async t => {
  const { outgoing, pieces, take } = connect()
  const begun = new AbortController()
  const waiting = new AbortController()
  const sending = [outgoing.send(long, begun.signal), outgoing.send({ b: 1 }, waiting.signal), outgoing.send({ c: 1 }, new AbortController().signal), outgoing.send({ d: 1 })]
  await turn()
  t.equal(outgoing.unwanted, 7 + 512, 'the last, for which nobody waits')
  begun.abort()
  waiting.abort()
  t.equal(outgoing.unwanted, longText.length + 14 + 3 * 512)
  await Promise.all([sending[0], sending[1]])
  t.equal(pieces.length, 1, 'whoever gives up does not wait')
  for (let n = 0; n < 4; n++) await take()
  await Promise.all(sending)
  t.strictSame(pieces.slice(1), [[longText.slice(65_536), true], ['{"c":1}', true], ['{"d":1}', true]])
  t.equal(outgoing.unwanted, 0)
  await outgoing.send({ never: true }, AbortSignal.abort())
  t.equal(pieces.length, 4)
})

t.test('a client that does not read is disconnected', async t => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  const client = connect()
  void client.outgoing.send(long)
  await turn()
  mock.timers.tick(14_999)
  await client.take()
  mock.timers.tick(14_999)
  await turn()
  t.equal(client.terminated, 0, 'each piece has its time')
  mock.timers.tick(1)
  await turn()
  t.equal(client.terminated, 1)
})

t.test('a connection that is closed, or breaks', async t => {
  const closed = connect()
  const sending = [closed.outgoing.send(long), closed.outgoing.send({ next: true })]
  await turn()
  closed.outgoing.end()
  await Promise.all(sending)
  t.equal(closed.pieces.length, 1)
  const broken = connect()
  const failing = [broken.outgoing.send(long), broken.outgoing.send({ next: true })]
  await turn()
  await broken.take(new Error('broken'))
  await Promise.all(failing)
  t.strictSame([broken.pieces.length, broken.terminated, broken.outgoing.sent], [1, 0, 0], 'ends by itself')
})
