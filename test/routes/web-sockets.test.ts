import t from 'tap'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import websocket from '@fastify/websocket'
import Fastify, { type FastifyInstance } from 'fastify'
import { asyncJobs, defineJob, Type } from '../../lib/index.js'
import { redisUrl, uniqueName } from '../helpers/engines.js'
import { latch } from '../helpers/latch.js'
import { listen, openSocket } from '../helpers/watch.js'

const define = () => defineJob({ name: uniqueName(), input: Type.Object({}), output: Type.Object({}) })

t.test('the host\'s hooks run before the upgrade', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  app.addHook('onRequest', async (request, reply) => { if (request.headers.authorization === undefined) await reply.code(401).send('who are you?') })
  await app.register(asyncJobs, { job: define(), connection: redisUrl(), prefix: '/jobs' })
  const url = `${await listen(app)}/jobs/socket`
  for (let n = 0; n < 2; n++) await t.rejects(openSocket(t, url), { message: 'Unexpected server response: 401' })
  t.equal((await openSocket(t, url, { authorization: 'me' })).socket.readyState, 1)
  await app.close()
  t.pass('what was refused keeps nothing open')
})

t.test('whoever registers WebSockets, and wherever', async t => {
  const hosts: Record<string, (app: FastifyInstance) => Promise<string[]>> = {
    'the host itself': async app => {
      await app.register(websocket)
      await app.register(asyncJobs, { job: define(), connection: redisUrl(), prefix: '/jobs' })
      return ['/jobs']
    },
    'one job': async app => {
      await app.register(asyncJobs, { job: define(), connection: redisUrl(), prefix: '/jobs' })
      return ['/jobs']
    },
    'two jobs side by side': async app => {
      for (const prefix of ['/one', '/two']) await app.register(asyncJobs, { job: define(), connection: redisUrl(), prefix })
      return ['/one', '/two']
    },
    'two jobs in plugins of their own': async app => {
      for (const prefix of ['/one', '/two']) await app.register(async inner => { await inner.register(asyncJobs, { job: define(), connection: redisUrl(), prefix }) })
      return ['/one', '/two']
    }
  }
  for (const [name, register] of Object.entries(hosts)) {
    await t.test(name, async t => {
      const app = Fastify()
      t.teardown(() => app.close())
      const prefixes = await register(app)
      const origin = await listen(app)
      for (const prefix of prefixes) {
        const { send, next } = await openSocket(t, `${origin}${prefix}/socket`)
        send({ type: 'subscribe', jobId: 'unknown' })
        t.match(await next(), { type: 'error' }, prefix)
      }
    })
  }
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

t.test('a route of the host that fails costs its client the connection, and nobody else', async t => {
  const logged = latch<Record<string, unknown>>()
  const app = Fastify({ logger: { level: 'error', stream: { write (line: string) { logged.open(JSON.parse(line) as Record<string, unknown>) } } } })
  t.teardown(() => app.close())
  await app.register(asyncJobs, { job: define(), connection: redisUrl(), prefix: '/jobs' })
  app.get('/broken', { websocket: true }, async () => { throw new Error('the reason') })
  const origin = await listen(app)
  const { closed } = await openSocket(t, `${origin}/broken`)
  t.match(await logged.promise, { err: { message: 'the reason' } })
  t.equal((await closed)[0], 1006)
  const { send, next } = await openSocket(t, `${origin}/jobs/socket`)
  send({ type: 'subscribe', jobId: 'unknown' })
  t.match(await next(), { type: 'error' })
})
