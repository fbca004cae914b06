import t, { type Test } from 'tap'
import fastifySSE from '@fastify/sse'
import fastifyWebsocket from '@fastify/websocket'
import Fastify, { type FastifyInstance } from 'fastify'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import WebSocket from 'ws'
import { asyncJobs, defineJob, Type, type Job } from '../../lib/index.js'
import type { JobEvent, Problem } from '../../types/job.js'
import { call, startCluster, submit, type Cluster, type Gateway, type Reply } from '../helpers/cluster.js'
import { redisUrl, uniqueName } from '../helpers/engines.js'
import { openStream, readStream, watchStream } from '../helpers/watchers.js'

const UNKNOWN = '6f1c2b1e-8f0a-4b57-9d3e-2a7c5d4e9f10'

interface Client {
  socket: WebSocket
  send (message: unknown): void
  /** The next message. */
  next (): Promise<Record<string, unknown>>
  /** Why it was closed. */
  closed: Promise<{ code: number, reason: string }>
}

async function openClient (t: Test, { origin }: Pick<Gateway, 'origin'>, path = '/jobs/socket'): Promise<Client> {
  const socket = new WebSocket(origin.replace('http', 'ws') + path)
  t.teardown(() => { socket.terminate() })
  const messages: Array<Record<string, unknown>> = []
  let wake = (): void => {}
  socket.on('message', data => { messages.push(JSON.parse(String(data)) as Record<string, unknown>); wake() })
  const closed = new Promise<{ code: number, reason: string }>(resolve => {
    socket.on('close', (code, reason) => { resolve({ code, reason: String(reason) }) })
  })
  await once(socket, 'open')
  socket.on('error', () => {})
  return {
    socket,
    closed,
    send (message) { socket.send(JSON.stringify(message)) },
    async next () {
      while (messages.length === 0) await new Promise<void>(resolve => { wake = resolve })
      return messages.shift() as Record<string, unknown>
    }
  }
}

t.test('what clients send', async t => {
  const cluster: Cluster = await startCluster(t, { workers: 1 })
  const { gateways: [gateway, other], steps } = cluster
  const running = await submit(gateway, { chunks: 3, end: 'never' })
  await steps(running, 3)

  await t.test('an id to resume from that was never given', async t => {
    for (const after of ['nowhere', '99.abcdefgh', '-1.abcdefgh', '1e3.abcdefgh', '0.', '2', 'x'.repeat(1_000), '9999999999.abcdefgh']) {
      const stream = await openStream(gateway, running, after)
      t.equal(stream.statusCode, 200)
      const told: JobEvent[] = []
      await readStream(stream, event => {
        told.push(event)
        if (event.type === 'output' && event.index === 2) stream.destroy()
      })
      t.strictSame(told.flatMap(event => event.type === 'output' ? [event.index] : []), [0, 1, 2], `${after.slice(0, 20)}: everything from the first chunk`)

      const client = await openClient(t, gateway)
      client.send({ type: 'subscribe', jobId: running, after })
      const indexes: unknown[] = []
      while (indexes.length < 3) {
        const message = await client.next()
        if (message['type'] === 'output') indexes.push(message['index'])
      }
      t.strictSame(indexes, [0, 1, 2])
      client.socket.terminate()
    }
  })

  await t.test('a wait that is none', async t => {
    for (const path of [`/status/${running}`, `/result/${running}`]) {
      for (const wait of ['-1', 'abc', '1.5', '', '%00']) {
        t.match(await call(gateway, 'GET', `${path}?wait=${wait}`), { status: 400, headers: { 'content-type': /problem\+json/ }, body: { code: 'QUERY_INVALID' } }, `wait=${wait}`)
      }
    }
    for (const prefer of ['respond-async', 'wait=abc', 'wait=-1', 'wait', '', 'foo="wait=60"', 'wait=1.5', ';;,,==']) {
      const reply = await call(gateway, 'GET', `/status/${running}`, { headers: { prefer } })
      t.match(reply, { status: 200, body: { status: 'in_progress' } }, `Prefer: ${prefer} is ignored`)
      t.notOk('preference-applied' in reply.headers)
    }
  })

  await t.test('a wait that is too long', async t => {
    const ending = await submit(gateway, { chunks: 1, end: 'when told' })
    const waiting = [call<Job>(gateway, 'GET', `/status/${ending}?wait=1e9`), call<Job>(gateway, 'GET', `/status/${ending}`, { headers: { prefer: 'wait=1000000000' } })]
    await steps(ending, 1)
    cluster.go(ending)
    const [asked, preferred] = await Promise.all(waiting) as [Reply<Job>, Reply<Job>]
    t.match(preferred, { status: 200, headers: { 'preference-applied': 'wait=50' }, body: { status: 'completed' } }, 'is cut')
    t.match(asked, { status: 200, body: { status: 'completed' } })
  })

  await t.test('what is no message', async t => {
    const messages: Record<string, string | Buffer> = {
      'broken JSON': '{"type":',
      'no object': '[]',
      null: 'null',
      'an unknown type': '{"type":"publish","jobId":"a"}',
      'no job': '{"type":"subscribe"}',
      'a number for a job': '{"type":"subscribe","jobId":1}',
      'a number to resume from': `{"type":"subscribe","jobId":"${running}","after":1}`,
      'a binary frame': Buffer.from(`{"type":"subscribe","jobId":"${running}"}`)
    }
    for (const [name, message] of Object.entries(messages)) {
      const { socket, closed } = await openClient(t, gateway)
      socket.send(message)
      t.match(await closed, { code: 1008, reason: /./ }, name)
    }
  })

  await t.test('a message that is too long', async t => {
    for (const length of [5_000, 10 * 2 ** 20]) {
      const { socket, closed } = await openClient(t, gateway)
      socket.send('x'.repeat(length))
      t.equal((await closed).code, 1009, `${length} characters`)
    }
  })

  await t.test('a job that there is not', async t => {
    const client = await openClient(t, gateway)
    for (const jobId of [UNKNOWN, 'abc', '', '../../etc/passwd']) {
      client.send({ type: 'subscribe', jobId })
      t.match(await client.next(), { type: 'error', jobId, problem: { status: 404, code: 'JOB_NOT_FOUND' } })
    }
    client.send({ type: 'unsubscribe', jobId: UNKNOWN })
    client.send({ type: 'subscribe', jobId: running })
    t.match(await client.next(), { type: 'job', job: { jobId: running, status: 'in_progress' } }, 'the connection stays')
  })

  await t.test('ten thousand subscriptions', async t => {
    const before = await gateway.memory()
    const client = await openClient(t, gateway)
    for (let count = 0; count < 10_000; count++) client.send({ type: 'subscribe', jobId: `${String(count).padStart(8, '0')}${UNKNOWN.slice(8)}` })
    t.match(await client.closed, { code: 1008, reason: /At most 1000 jobs/ })
    const grown = await gateway.memory() - before
    t.comment(`the gateway grew by ${Math.round(grown / 2 ** 20)} MiB`)
    t.ok(grown < 50 * 2 ** 20, 'and costs little')
  })

  await call(gateway, 'POST', `/cancel/${running}`)
  const end = (await watchStream(gateway, running)).at(-1)
  t.match(end, { type: 'job', job: { status: 'canceled' } })
  t.equal((await openStream(gateway, running, end?.id)).statusCode, 204, 'who has seen it all is told to stop')
  t.equal((await openStream(other, running, end?.id)).statusCode, 204, 'on any gateway')
  t.match(await call<Problem>(gateway, 'GET', `/events/${UNKNOWN}`), { status: 404, body: { code: 'JOB_NOT_FOUND' } })
})

/** Submits a job and watches it to its end, over SSE and WebSocket. */
async function watchBoth (t: Test, app: FastifyInstance, prefix: string): Promise<void> {
  const origin = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
  const { jobId } = (await app.inject({ method: 'POST', url: prefix, payload: {} })).json<Job>()
  const completed = { type: 'job', job: { jobId, status: 'completed' } }
  const told: JobEvent[] = []
  const response = await fetch(`${origin}${prefix}/events/${jobId}`)
  for (const block of (await response.text()).split('\n\n')) {
    const data = /^data: (.*)$/m.exec(block)?.[1]
    if (data !== undefined) told.push({ type: 'job', id: '', job: JSON.parse(data) as Job })
  }
  t.match(told.at(-1), completed, `${prefix}: SSE`)
  const client = await openClient(t, { origin }, `${prefix}/socket`)
  client.send({ type: 'subscribe', jobId })
  t.match(await client.next(), completed, `${prefix}: WebSocket`)
  client.socket.close()
  t.equal((await client.closed).code, 1005, 'who closes is not told to come back')
}

const defineNothing = () => defineJob({ name: uniqueName(), input: Type.Object({}), output: Type.Null() })

t.test('a host that brings its own', async t => {
  const brought: Record<string, (app: FastifyInstance) => Promise<void>> = {
    '@fastify/websocket': async app => { await app.register(fastifyWebsocket) },
    '@fastify/sse': async app => { await app.register(fastifySSE as never) },
    both: async app => { await app.register(fastifySSE as never); await app.register(fastifyWebsocket) }
  }
  for (const [name, bring] of Object.entries(brought)) {
    await t.test(name, async t => {
      const app = Fastify()
      t.teardown(() => app.close())
      await bring(app)
      if (name !== '@fastify/sse') app.get('/echo', { websocket: true }, socket => { socket.on('message', data => { socket.send(String(data)) }) })
      await app.register(asyncJobs, { job: defineNothing(), prefix: '/jobs', connection: redisUrl(), processor: () => null })
      await app.listen({ host: '127.0.0.1', port: 0 })
      await watchBoth(t, app, '/jobs')
      if (name === '@fastify/sse') return
      const client = await openClient(t, { origin: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}` }, '/echo')
      client.send({ hello: 'host' })
      t.strictSame(await client.next(), { hello: 'host' }, 'its own sockets work')
      client.socket.close()
      await client.closed
    })
  }
})

t.test('two encapsulated plugins of one host that each register jobs', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  for (const outer of ['/one', '/two']) {
    await app.register(async plugin => {
      for (const prefix of ['/first', '/second']) await plugin.register(asyncJobs, { job: defineNothing(), prefix, connection: redisUrl(), processor: () => null })
    }, { prefix: outer })
  }
  await app.listen({ host: '127.0.0.1', port: 0 })
  for (const prefix of ['/one/first', '/one/second', '/two/first', '/two/second']) await watchBoth(t, app, prefix)
})
