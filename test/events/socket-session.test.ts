import t, { type Test } from 'tap'
import { mock } from 'node:test'
import type { JobEvent, Problem } from '../../types/job.js'
import { createSocketSession, type SessionOptions, type SocketSession } from '../../lib/events/socket-session.js'
import { latch } from '../helpers/latch.js'

const problem: Problem = { type: 'about:blank', title: 'Not Found', status: 404, detail: 'no', code: 'JOB_NOT_FOUND' }
const output = (jobId: string, index: number): JobEvent => ({ type: 'output', id: `${index + 1}.`, jobId, index, run: 1, data: index })

interface Client {
  session: SocketSession
  /** What was sent to it, as it reads it. */
  messages: unknown[]
  closed: unknown[]
  pings: number
  terminated: number
  /** Bytes that it has not read. */
  unread: number
  tell (message: unknown): void
}

/** @param send what becomes of what is sent; by default it leaves at once */
function connect (options: Partial<SessionOptions> = {}, send: (left: (error?: Error) => void) => void = left => { left() }): Client {
  const pieces: Buffer[] = []
  const client: Client = {
    messages: [],
    closed: [],
    pings: 0,
    terminated: 0,
    unread: 0,
    tell: message => { client.session.receive(JSON.stringify(message)) },
    session: createSocketSession({
      send: (piece, { fin }, left) => {
        pieces.push(piece)
        if (fin) client.messages.push(JSON.parse(String(Buffer.concat(pieces.splice(0)))))
        send(left)
      },
      close: (...why) => { client.closed.push(why) },
      terminate: () => { client.terminated++ },
      ping: () => { client.pings++ },
      get bufferedAmount () { return client.unread }
    }, { events: async function * () {}, authorize: async () => true, toProblem: () => problem, maxSubscriptions: 2, ...options })
  }
  return client
}

/** Events of a job that go on until nobody wants them. */
async function * endless (jobId: string, _after: string | undefined, signal: AbortSignal): AsyncGenerator<JobEvent> {
  yield output(jobId, 0)
  await new Promise(resolve => { signal.addEventListener('abort', resolve) })
  yield output(jobId, 1)
}

t.test('sends the events of each job that is subscribed to', async t => {
  const asked: unknown[] = []
  const client = connect({ async * events (jobId, after) { asked.push([jobId, after]); yield output(jobId, 0); yield output(jobId, 1) } })
  client.tell({ type: 'subscribe', jobId: 'a' })
  client.tell({ type: 'subscribe', jobId: 'b', after: '0.', unknown: true })
  await turn()
  t.strictSame(asked, [['a', undefined], ['b', '0.']])
  for (const jobId of ['a', 'b']) t.strictSame(client.messages.filter(message => (message as { jobId: string }).jobId === jobId), [output(jobId, 0), output(jobId, 1)])
})

t.test('a stream goes on only when its event has left', async t => {
  const left = latch<() => void>()
  const client = connect({ async * events (jobId) { yield output(jobId, 0); yield output(jobId, 1) } }, done => { left.open(done) })
  client.tell({ type: 'subscribe', jobId: 'a' })
  const done = await left.promise
  await turn()
  t.equal(client.messages.length, 1)
  done()
  await turn()
  t.equal(client.messages.length, 2)
  client.session.end()
})

t.test('a job that cannot be watched', async t => {
  const seen: unknown[] = []
  const error = new Error('unknown')
  const client = connect({ async * events () { throw error }, toProblem: error => { seen.push(error); return problem } })
  client.tell({ type: 'subscribe', jobId: 'a' })
  await turn()
  t.strictSame(client.messages, [{ type: 'error', jobId: 'a', problem }])
  t.strictSame(seen, [error])
})

t.test('unsubscribing ends it, and makes room', async t => {
  const client = connect({ events: endless })
  for (const jobId of ['a', 'b']) client.tell({ type: 'subscribe', jobId })
  await turn()
  client.tell({ type: 'unsubscribe', jobId: 'a' })
  client.tell({ type: 'unsubscribe', jobId: 'never subscribed to' })
  client.tell({ type: 'subscribe', jobId: 'c' })
  await turn()
  t.strictSame(client.messages, [output('a', 0), output('b', 0), output('c', 0)])
  t.strictSame(client.closed, [])
})

t.test('a failure after unsubscribing is not told', async t => {
  const client = connect({ async * events (_jobId, _after, signal) { await new Promise(resolve => { signal.addEventListener('abort', resolve) }); throw new Error('away') } })
  client.tell({ type: 'subscribe', jobId: 'a' })
  client.tell({ type: 'unsubscribe', jobId: 'a' })
  await turn()
  t.strictSame(client.messages, [])
})

t.test('subscribing again begins anew, and counts once', async t => {
  const client = connect({ events: endless, maxSubscriptions: 1 })
  client.tell({ type: 'subscribe', jobId: 'a' })
  await turn()
  client.tell({ type: 'subscribe', jobId: 'a' })
  await turn()
  t.strictSame(client.messages, [output('a', 0), output('a', 0)])
  client.tell({ type: 'subscribe', jobId: 'b' })
  t.strictSame(client.closed, [[1008, 'At most 1 jobs can be watched at a time']], 'the end of the first did not end the second')
})

t.test('what ended by itself makes room', async t => {
  const client = connect({ async * events (jobId) { yield output(jobId, 0) }, maxSubscriptions: 1 })
  for (const jobId of ['a', 'b']) {
    client.tell({ type: 'subscribe', jobId })
    await turn()
  }
  t.strictSame(client.closed, [])
})

t.test('who is nobody any more is told of nothing, and disconnected', async t => {
  let known = true
  const client = connect({ events: endless, authorize: async () => known })
  client.tell({ type: 'subscribe', jobId: 'a' })
  await turn()
  known = false
  client.tell({ type: 'subscribe', jobId: 'b' })
  await turn()
  t.strictSame(client.messages, [output('a', 0)])
  t.strictSame(client.closed, [[3000, 'Your credentials hold no more: connect again with others']])
})

t.test('who breaks the rules is disconnected', async t => {
  const form = [1008, 'Send {"type":"subscribe","jobId":"…","after":"…"}, {"type":"unsubscribe","jobId":"…"} or {"type":"ping"}']
  const texts: Array<[text: string | undefined, why: unknown[]]> = [
    [undefined, [1008, 'Messages are text, not binary']],
    ['x'.repeat(4_097), [1009, 'A message has at most 4096 characters']],
    ...['', '{', 'null', '5', '[]', '{}', '{"type":"subscribe"}', '{"type":"publish","jobId":"a"}', '{"type":"subscribe","jobId":5}', '{"type":"subscribe","jobId":"a","after":5}', '{"type":"unsubscribe","jobId":null}']
      .map((text): [string, unknown[]] => [text, form])
  ]
  for (const [text, why] of texts) {
    const client = connect({ events () { t.fail(`${text} subscribed`); return endless('', undefined, AbortSignal.abort()) } })
    client.session.receive(text)
    t.strictSame(client.closed, [why], String(text).slice(0, 50))
    t.ok(Buffer.byteLength(why[1] as string) <= 123, 'a reason that fits into a frame')
  }
})

t.test('the end of the connection ends all subscriptions', async t => {
  let ended = 0
  const client = connect({ async * events (...args) { try { yield * endless(...args) } finally { ended++ } } })
  for (const jobId of ['a', 'b']) client.tell({ type: 'subscribe', jobId })
  await turn()
  client.session.end()
  await turn()
  t.equal(ended, 2)
  t.equal(client.messages.length, 2, 'nothing is sent any more')
})

t.test('a client may ask for a sign of life', async t => {
  const client = connect()
  client.tell({ type: 'ping' })
  await turn()
  t.strictSame([client.messages, client.closed], [[{ type: 'pong' }], []])
})

t.test('a client that does not answer pings is gone', async t => {
  const client = connect()
  client.session.ping()
  client.session.pong()
  client.session.ping()
  t.strictSame([client.pings, client.terminated], [2, 0])
  client.session.ping()
  t.strictSame([client.pings, client.terminated], [2, 1])
})

t.test('a client that was sent much may read that first', async t => {
  const client = connect({ async * events (jobId) { yield { ...output(jobId, 0), data: 'x'.repeat(70_000) } as JobEvent } })
  client.session.ping()
  client.tell({ type: 'subscribe', jobId: 'a' })
  await turn()
  client.session.ping()
  t.strictSame([client.pings, client.terminated], [2, 0])
  client.session.ping()
  t.equal(client.terminated, 1)
})

t.test('a client that does not read is gone, too', async t => {
  mockTimers(t)
  const client = connect({ events: endless }, () => {})
  client.tell({ type: 'subscribe', jobId: 'a' })
  await turn()
  mock.timers.tick(15_000)
  await turn()
  t.equal(client.terminated, 1)
  client.session.end()
})

t.test('a connection that breaks while something is sent', async t => {
  const client = connect({ async * events (jobId) { yield output(jobId, 0) } }, left => { left(new Error('broken')) })
  client.tell({ type: 'subscribe', jobId: 'a' })
  await turn()
  t.equal(client.terminated, 0, 'ends by itself')
})

function mockTimers (t: Test): void {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
}

/** Until everything that waits for nothing has been done. */
async function turn (): Promise<void> {
  for (let n = 0; n < 3; n++) await new Promise(resolve => { setImmediate(resolve) })
}

t.test('who sends on and does not read is disconnected', async t => {
  const client = connect()
  client.unread = 4 * 2 ** 20
  client.tell({ type: 'ping' })
  await turn()
  client.session.pinged()
  t.strictSame([client.messages.length, client.terminated], [1, 0])
  client.unread++
  client.tell({ type: 'ping' })
  t.strictSame([client.messages.length, client.terminated], [1, 1])
  client.session.pinged()
  t.equal(client.terminated, 2)
})

t.test('who subscribes anew faster than that can end is disconnected', async t => {
  const client = connect({ events: endless })
  for (let count = 0; count <= 1_002; count++) client.tell({ type: 'subscribe', jobId: 'a' })
  t.equal(client.terminated, 0)
  client.tell({ type: 'subscribe', jobId: 'a' })
  t.equal(client.terminated, 1)
  client.session.end()
  await turn()
  const slow = connect({ events: endless })
  for (let count = 0; count < 1_100; count++) {
    slow.tell({ type: 'subscribe', jobId: 'a' })
    if (count % 100 === 0) await turn()
  }
  t.equal(slow.terminated, 0)
  slow.session.end()
})
