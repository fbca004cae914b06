import t from 'tap'
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

t.test('without WebSockets', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(asyncJobs, { job: define(), connection: redisUrl(), prefix: '/jobs', websocket: false })
  const origin = await listen(app)
  t.equal((await fetch(`${origin}/jobs/socket`)).status, 404)
  t.equal((await fetch(`${origin}/jobs/status/x`)).status, 404)
  t.equal(app.server.listenerCount('upgrade'), 0)
  t.notOk(app.hasDecorator('websocketServer'))
})
