import t, { type Test } from 'tap'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { mock } from 'node:test'
import { connect as connectTls } from 'node:tls'
import httpProxy from '@fastify/http-proxy'
import Fastify, { type FastifyInstance } from 'fastify'
import { Server as SocketIo } from 'socket.io'
import { io } from 'socket.io-client'
import { WebSocket, WebSocketServer } from 'ws'
import { asyncJobs, defineJob, Type } from '../../lib/index.js'
import { claimPath, claimUpgrades } from '../../lib/http/upgrades.js'
import { redisUrl, uniqueName } from '../helpers/engines.js'
import { listen, openSocket } from '../helpers/watch.js'

const define = () => defineJob({ name: uniqueName(), input: Type.Object({}), output: Type.Object({}) })

/** A WebSocket server that gives back what it is sent, on a server of its own. */
async function startEcho (t: Test): Promise<number> {
  const server = createServer()
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', socket => { socket.on('message', data => { socket.send(`echo ${String(data)}`) }) })
  t.teardown(() => { for (const client of sockets.clients) client.terminate(); server.close() })
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  return (server.address() as AddressInfo).port
}

async function echoed (t: Test, url: string): Promise<string> {
  const socket = new WebSocket(url.replace('http', 'ws'))
  t.teardown(() => { socket.terminate() })
  await once(socket, 'open')
  socket.send('hello')
  const [answer] = await once(socket, 'message')
  return String(answer)
}

/** Others who listen to upgrades of the same server, and that what they serve works. */
const others: Record<string, (t: Test, app: FastifyInstance) => Promise<(origin: string) => Promise<void>>> = {
  'socket.io': async (t, app) => {
    const sockets = new SocketIo(app.server, { transports: ['websocket'] })
    t.teardown(() => sockets.close())
    sockets.on('connection', socket => { socket.on('hello', (answer: (text: string) => void) => { answer('world') }) })
    return async origin => {
      const socket = io(origin, { transports: ['websocket'], reconnection: false })
      t.teardown(() => { socket.disconnect() })
      t.equal(await socket.timeout(10_000).emitWithAck('hello'), 'world')
    }
  },
  'ws, which refuses all other paths': async (t, app) => {
    const sockets = new WebSocketServer({ server: app.server, path: '/chat' })
    sockets.on('connection', socket => { socket.on('message', data => { socket.send(`echo ${String(data)}`) }) })
    t.teardown(() => { for (const client of sockets.clients) client.terminate() })
    return async origin => { t.equal(await echoed(t, `${origin}/chat`), 'echo hello') }
  },
  'a listener that ends all others': async (t, app) => {
    const sockets = new WebSocketServer({ noServer: true })
    t.teardown(() => { for (const client of sockets.clients) client.terminate() })
    app.server.on('upgrade', (request, socket, head) => {
      if (request.url !== '/chat') return socket.destroy()
      sockets.handleUpgrade(request, socket, head, client => { client.on('message', data => { client.send(`echo ${String(data)}`) }) })
    })
    return async origin => { t.equal(await echoed(t, `${origin}/chat`), 'echo hello') }
  },
  '@fastify/http-proxy under a prefix': async (t, app) => {
    const port = await startEcho(t)
    await app.register(httpProxy, { upstream: `http://127.0.0.1:${port}`, prefix: '/chat', websocket: true })
    return async origin => { t.equal(await echoed(t, `${origin}/chat`), 'echo hello') }
  },
  '@fastify/http-proxy for all that is nothing else': async (t, app) => {
    const port = await startEcho(t)
    await app.register(httpProxy, { upstream: `http://127.0.0.1:${port}`, prefix: '/', websocket: true })
    return async origin => { t.equal(await echoed(t, `${origin}/chat`), 'echo hello') }
  }
}

for (const [name, start] of Object.entries(others)) {
  for (const order of ['before', 'after']) {
    t.test(`${name}, registered ${order} the jobs`, async t => {
      const app = Fastify()
      t.teardown(() => app.close())
      const jobs = () => app.register(asyncJobs, { job: define(), connection: redisUrl(), prefix: '/tenants/:tenant/jobs' })
      if (order === 'after') await jobs()
      const works = await start(t, app)
      if (order === 'before') await jobs()
      app.get('/own', { websocket: true }, socket => { socket.on('message', data => { socket.send(`own ${String(data)}`) }) })
      const origin = await listen(app)
      for (let n = 0; n < 2; n++) {
        await works(origin)
        const { send, next } = await openSocket(t, `${origin}/tenants/acme/jobs/socket`)
        send({ type: 'subscribe', jobId: 'unknown' })
        t.match(await next(), { type: 'error', problem: { code: 'JOB_NOT_FOUND' } }, 'ours works beside it')
        t.equal(await echoed(t, `${origin}/own`), 'own hello', 'and what the host does with our @fastify/websocket')
      }
      const java = connect(Number(new URL(origin).port), '127.0.0.1')
      t.teardown(() => { java.destroy() })
      const answer = exchange(java, ['GET /tenants/acme/jobs/status/x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n'], '"code":"JOB_NOT_FOUND"}')
      t.match(await answer, 'HTTP/1.1 404', 'and a client that would rather speak HTTP/2')
    })
  }
}

t.test('what is ours', async t => {
  const cases: Array<[route: string, ours: string[], not: string[]]> = [
    ['/jobs/socket', ['/jobs/socket', '/jobs/socket/', '//jobs//socket', '/JOBS/socket', '/jobs/socket?a=/b', '/jobs/%73ocket'], ['/jobs/sockets', '/jobs', '/other/jobs/socket', '/', '/socket.io/?EIO=4', '/%']],
    ['/tenants/:tenant/socket', ['/tenants/a%20b/socket'], ['/tenants/socket', '/tenants/a/b/socket']],
    ['/:a-:b/:v(v\\d+)/socket', ['/1-2/v1/socket'], ['/1/v1/socket']],
    ['/a.b::c/socket', ['/a.b:c/socket'], ['/axb:c/socket', '/a.b::c/socket']],
    ['/jobs/status/*', ['/jobs/status/a/b'], ['/jobs/state/a']],
    ['/own/:room?', ['/own', '/own/a'], ['/own/a/b', '/owner']],
    ['/análisis/socket', ['/an%C3%A1lisis/socket'], ['/analisis/socket']]
  ]
  for (const [route, ours, not] of cases) {
    const server = createServer()
    let taken = 0
    claimUpgrades(server).on('upgrade', () => { taken++ })
    let left = 0
    server.on('upgrade', () => { left++ })
    claimPath(server, route)
    for (const url of ours) server.emit('upgrade', { url, headers: { upgrade: 'WebSocket' } }, fakeSocket(), Buffer.alloc(0))
    t.strictSame([taken, left], [ours.length, 0], route)
    for (const url of not) server.emit('upgrade', { url, headers: { upgrade: 'websocket' } }, fakeSocket(), Buffer.alloc(0))
    t.strictSame([taken, left], [ours.length, not.length], route)
  }
})

t.test('nothing is ours on a server that we do not look after', async t => {
  const server = createServer()
  claimPath(server, '/jobs/socket')
  t.equal(server.listenerCount('upgrade'), 0)
})

interface FakeSocket { bytesWritten: number, destroyed: boolean, once (): void, destroy (): void }

function fakeSocket (bytesWritten = 0): FakeSocket {
  return { bytesWritten, destroyed: false, once () {}, destroy () { this.destroyed = true } }
}

t.test('what all who could have ignored is ended', async t => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  const server: Server = createServer()
  claimUpgrades(server)
  server.on('upgrade', () => {})
  const [ignored, answered] = [fakeSocket(), fakeSocket(100)]
  for (const socket of [ignored, answered]) server.emit('upgrade', { url: '/chat', headers: { upgrade: 'websocket' } }, socket, Buffer.alloc(0))
  mock.timers.tick(9_999)
  t.notOk(ignored.destroyed)
  mock.timers.tick(1)
  t.ok(ignored.destroyed)
  t.notOk(answered.destroyed)
})

/** A host with a route that gives back what it got. */
async function echo (app: FastifyInstance): Promise<number> {
  await app.register(asyncJobs, { job: define(), connection: redisUrl(), prefix: '/jobs' })
  app.post('/echo', async ({ body, headers }) => ({ body, upgrade: headers.upgrade ?? 'none', other: headers['x-other'] }))
  return Number(new URL(await listen(app)).port)
}

/** Sends some text in pieces, the next one when the first bytes of an answer are there; resolves to all that comes until it ends with the words. */
async function exchange (socket: Socket, pieces: string[], end: string): Promise<string> {
  let answer = ''
  return await new Promise((resolve, reject) => {
    socket.on('error', reject)
    socket.on('close', () => { reject(new Error(`closed after: ${answer}`)) })
    socket.on('data', (data: Buffer) => {
      answer += String(data)
      if (answer.endsWith(end)) resolve(answer)
      const piece = pieces.shift()
      if (piece !== undefined) socket.write(piece)
    })
    socket.write(pieces.shift() as string)
  })
}

const request = (body: string): string => [
  'POST /echo HTTP/1.1', 'Host: localhost', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA',
  'X-Other: stays', 'Content-Type: application/json', `Content-Length: ${body.length}`, '', body
].join('\r\n')

t.test('who wishes for another protocol than WebSocket is answered as without the wish', async t => {
  const hosts: Record<string, { app: FastifyInstance, open (port: number): Socket }> = {
    http: { app: Fastify(), open: port => connect(port, '127.0.0.1') },
    https: {
      app: Fastify({ https: { key: readFileSync('test/fixtures/localhost.pem'), cert: readFileSync('test/fixtures/localhost.pem') } }) as unknown as FastifyInstance,
      open: port => connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
    }
  }
  for (const [name, { app, open }] of Object.entries(hosts)) {
    await t.test(name, async t => {
      t.teardown(() => app.close())
      const socket = open(await echo(app))
      t.teardown(() => { socket.destroy() })
      const answers = await exchange(socket, [request('{"a":1}'), request('{"b":2}')], '{"body":{"b":2},"upgrade":"none","other":"stays"}')
      t.match(answers, '{"body":{"a":1},"upgrade":"none","other":"stays"}')
      t.equal(answers.match(/HTTP\/1.1 200 OK/g)?.length, 2, 'and the connection is kept alive')
    })
  }
})

t.test('a body that comes later', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  const port = await echo(app)
  const socket = connect(port, '127.0.0.1')
  t.teardown(() => { socket.destroy() })
  const [head, body] = request('{"a":1}').split(/(?={)/) as [string, string]
  const answer = exchange(socket, [`${head.replace('Connection', 'Expect: 100-continue\r\nConnection')}`, body], '{"body":{"a":1},"upgrade":"none","other":"stays"}')
  t.match(await answer, 'HTTP/1.1 100 Continue')
})

t.test('who wishes for the end of the connection, too, gets it', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  const port = await echo(app)
  for (const connection of ['close, Upgrade', 'Upgrade , HTTP2-Settings,close', 'Upgrade\r\nConnection: close']) {
    const socket = connect(port, '127.0.0.1')
    t.teardown(() => { socket.destroy() })
    let answer = ''
    socket.on('data', (data: Buffer) => { answer += String(data) })
    socket.write(request('{"a":1}').replace('Upgrade, HTTP2-Settings', connection))
    await once(socket, 'end')
    t.match(answer, /connection: close[^]*{"body":{"a":1},"upgrade":"none","other":"stays"}$/i, connection)
  }
})
