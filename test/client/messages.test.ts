import t from 'tap'
import { piecesOf, readMessages, type Message } from '../../lib/client/messages.js'

const encoder = new TextEncoder()

function bodyOf (...pieces: Array<string | Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start (controller) {
      for (const piece of pieces) controller.enqueue(typeof piece === 'string' ? encoder.encode(piece) : piece)
      controller.close()
    }
  })
}

async function collect (body: ReadableStream<Uint8Array>): Promise<Message[]> {
  const messages: Message[] = []
  for await (const message of readMessages(piecesOf(body, () => {}), {})) messages.push(message)
  return messages.filter(({ data }) => data !== undefined)
}

const text = 'retry: 1000\n\nid: 1.a\nevent: job\ndata: {"text":"grüße ☕"}\n\n:\n\nid: 2.b\nevent: output\ndata: "two"\n\n'
const messages = [{ id: '1.a', event: 'job', data: '{"text":"grüße ☕"}' }, { id: '2.b', event: 'output', data: '"two"' }]

t.test('messages as the server writes them, wherever the network cuts', async t => {
  const bytes = encoder.encode(text)
  for (let cut = 0; cut <= bytes.length; cut++) t.same(await collect(bodyOf(bytes.slice(0, cut), bytes.slice(cut))), messages)
  t.same(await collect(bodyOf(...Array.from(bytes, byte => Uint8Array.of(byte)))), messages)
})

t.test('what JSON may hold as it is', async t => {
  const data = JSON.stringify('one\u2028two\u2029three\u0085: four')
  t.same(await collect(bodyOf(`id: 1.a\nevent: output\ndata: ${data}\n\n`)), [{ id: '1.a', event: 'output', data }])
})

t.test('lines of all kinds', async t => {
  const lines = ['data:no space', 'data: a space', 'data:  two', 'data', 'data:', 'data: 1\nid', ': comment\ndata: 1', 'data: 1\nunknown: x', '\ndata: 1']
  const found = await Promise.all(lines.map(async line => collect(bodyOf(`${line}\n\n`))))
  t.match(found.flat().map(({ data }) => data), ['no space', 'a space', ' two', '', '', '1', '1', '1', '1'])
})

t.test('a message that is cut off is none', async t => {
  t.same(await collect(bodyOf('id: 1.a\ndata: 1\n\nid: 2.b\ndata: 2\n')), [{ id: '1.a', data: '1' }])
})

t.test('all that comes is a sign of life', async t => {
  let signs = 0
  const pieces = []
  for await (const piece of piecesOf(bodyOf(':\n\n', 'id: 1.a\n', 'data: 1\n\n', ':\n'), () => { signs++ })) pieces.push(piece)
  t.equal(signs, 4)
  t.same(pieces, [':\n\n', 'id: 1.a\n', 'data: 1\n\n', ':\n'])
})

t.test('a body that breaks throws why', async t => {
  const why = new Error('a cable')
  const body = new ReadableStream<Uint8Array>({ pull (controller) { controller.error(why) } })
  t.equal(await collect(body).catch((error: unknown) => error), why)
})

t.test('whoever leaves lets the body go', async t => {
  let canceled = false
  const body = new ReadableStream<Uint8Array>({
    start (controller) { controller.enqueue(encoder.encode('data: 1\n\ndata: 2\n\n')) },
    cancel () { canceled = true; throw new Error('nobody cares') }
  })
  const reading = readMessages(piecesOf(body, () => {}), {})
  t.match(await reading.next(), { value: { data: '1' } })
  await reading.return()
  t.ok(canceled)
})

t.test('text that came as a whole', async t => {
  const messages: Message[] = []
  for await (const message of readMessages([text], {})) messages.push(message)
  t.match(messages, [{}, { id: '1.a' }, {}, { id: '2.b' }])
})

/** So many bytes in pieces, without an end of a message. */
function * endless (size: number): Generator<string> {
  const piece = 'x'.repeat(16_384)
  for (let sent = 0; sent < size; sent += piece.length) yield piece
}

t.test('a message of 16 MB costs what its bytes cost, not what its pieces make of them', async t => {
  const begun = performance.now()
  let length = 0
  for await (const { data = '' } of readMessages(['data: ', ...endless(16 * 2 ** 20), '\n', '\n'], {})) length = data.length
  t.equal(length, 16 * 2 ** 20)
  const ms = performance.now() - begun
  t.ok(ms < 1_500, `${Math.round(ms)} ms; where each piece looks at all before it, 5,000`)
})

t.test('a message of more than 64 MiB is not read to its end', async t => {
  const known = { jobId: 'the-job' }
  let pieces = 0
  const counted = function * (): Generator<string> {
    for (const piece of endless(Infinity)) {
      pieces++
      yield piece
    }
  }
  await t.rejects(readMessages(counted(), known).next(), { name: 'NetworkError', message: 'An event is longer than 64 MiB', jobId: 'the-job' })
  t.equal(pieces, 64 * 64 + 1)
})
