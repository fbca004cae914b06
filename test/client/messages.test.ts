import t from 'tap'
import { readMessages, type Message } from '../../lib/client/messages.js'

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
  for await (const message of readMessages(body, () => {})) messages.push(message)
  return messages
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
  t.same(await collect(bodyOf('data:no space\ndata:  two\ndata\nunknown: x\n: comment\n\n')), [{ id: '', event: 'message', data: 'no space\n two\n' }])
})

t.test('a message that is cut off is none', async t => {
  t.same(await collect(bodyOf('id: 1.a\ndata: 1\n\nid: 2.b\ndata: 2\n')), [{ id: '1.a', event: 'message', data: '1' }])
})

t.test('all that comes is a sign of life', async t => {
  let signs = 0
  for await (const message of readMessages(bodyOf(':\n\n', 'id: 1.a\n', 'data: 1\n\n', ':\n'), () => { signs++ })) t.match(message, { data: '1' })
  t.equal(signs, 4)
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
  const reading = readMessages(body, () => {})
  t.match(await reading.next(), { value: { data: '1' } })
  await reading.return()
  t.ok(canceled)
})
