import t, { type Test } from 'tap'
import { AsyncLocalStorage } from 'node:async_hooks'
import Fastify, { type FastifyInstance } from 'fastify'
import { once } from 'node:events'
import { connect, type Socket as TcpSocket } from 'node:net'
import { mock } from 'node:test'
import { asyncJobs, defineJob, Type, type Job } from '../../lib/index.js'
import { provideWebSockets } from '../../lib/http/web-sockets.js'
import { onEachEngine, redisUrl, uniqueName } from '../helpers/engines.js'
import { latch } from '../helpers/latch.js'
import { startRedis } from '../helpers/redis-server.js'
import { startService } from '../helpers/service.js'
import { listen, openSocket } from '../helpers/watch.js'
import { registerFakeRoutes } from '../helpers/routes.js'

const schemas = { input: Type.Object({}), output: Type.Object({ ok: Type.Boolean() }) }
const define = () => defineJob({ ...schemas, name: uniqueName() })

t.test('many jobs over one connection', t => onEachEngine(t, async (t, { connection }) => {
  const job = define()
  const end = latch()
  const { app, submit } = await startService(t, { job, connection, worker: { concurrency: 2 }, processor: async (_input, { write, jobId }) => { await write(jobId); await end.promise; return { ok: true } } })
  const ids = [(await submit({})).body.jobId, (await submit({})).body.jobId]
  const { send, next } = await openSocket(t, `${await listen(app)}/jobs/socket`)
  for (const jobId of ids) send({ type: 'subscribe', jobId })
  const told: Record<string, string[]> = {}
  const ended: Array<Record<string, unknown>> = []
  while (ended.length < 2) {
    const message = await next()
    const jobId = (message['jobId'] ?? (message['job'] as { jobId: string }).jobId) as string
    if (message['type'] === 'output') {
      t.match(message, { type: 'output', id: String, jobId, index: 0, run: 1, data: jobId })
      if (Object.values(told).flat().filter(type => type === 'output').length === 1) end.open()
    }
    if ((message['job'] as { status?: string } | undefined)?.status === 'completed') ended.push(message)
    told[jobId] = [...told[jobId] ?? [], message['type'] as string]
  }
  for (const jobId of ids) {
    t.match(told[jobId], { length: Number })
    t.equal(told[jobId]?.at(-1), 'job')
    t.equal(told[jobId]?.filter(type => type === 'output').length, 1)
  }

  const { id, job: last } = ended[0] as { id: string, job: { jobId: string } }
  send({ type: 'subscribe', jobId: last.jobId, after: id })
  t.strictSame(await next(), { type: 'job', id, job: last }, 'who has all gets an answer all the same')
}))

t.test('a job that is not there, and one that is followed no more', async t => {
  const { app, submit } = await startService(t, { job: define(), connection: redisUrl(), maxSubscriptions: 1 })
  const { body: { jobId } } = await submit({})
  const { send, next, closed } = await openSocket(t, `${await listen(app)}/jobs/socket`)
  send({ type: 'subscribe', jobId: 'unknown' })
  t.strictSame(await next(), { type: 'error', jobId: 'unknown', problem: { type: 'about:blank', title: 'Not Found', status: 404, detail: 'There is no such job, or it is not yours.', code: 'JOB_NOT_FOUND' } })
  send({ type: 'subscribe', jobId })
  t.match(await next(), { type: 'job', job: { jobId, status: 'pending' } })
  send({ type: 'unsubscribe', jobId })
  send({ type: 'subscribe', jobId })
  t.match(await next(), { type: 'job', job: { jobId } })
  send({ type: 'subscribe', jobId: 'one more' })
  t.strictSame(await closed, [1008, 'At most 1 jobs can be watched at a time'])
})

t.test('only pages of some origins may connect', async t => {
  const { app } = await startService(t, { job: define(), connection: redisUrl(), allowedOrigins: ['https://app.example.com'] })
  const url = `${await listen(app)}/jobs/socket`
  for (const origin of ['https://evil.example.com', 'https://app.example.com.evil.com', 'https://app.example.com:8443', 'http://app.example.com', 'null', '']) {
    await t.rejects(openSocket(t, url, { origin }), { message: 'Unexpected server response: 403' }, origin)
  }
  await openSocket(t, url, { origin: 'https://app.example.com' })
  await openSocket(t, url)
  const answer = await fetch(url, { headers: { origin: 'https://evil.example.com' } })
  t.equal(answer.status, 426, 'who does not connect is told how to')
})

t.test('closes on what breaks the rules', async t => {
  const { app } = await startService(t, { job: define(), connection: redisUrl() })
  const url = `${await listen(app)}/jobs/socket`
  const cases: Array<[message: unknown, code: number]> = [['hello', 1008], [Buffer.from('{"type":"subscribe","jobId":"a"}'), 1008], ['x'.repeat(4_097), 1009], ['x'.repeat(100_000), 1009]]
  for (const [message, code] of cases) {
    const { send, closed } = await openSocket(t, url)
    send(message)
    t.equal((await closed)[0], code)
  }
})

t.test('a plain request is told what to do', t => onEachEngine(t, async (t, { connection }) => {
  const { app } = await startService(t, { job: define(), connection })
  const answer = await app.inject('/jobs/socket')
  t.match(answer, { statusCode: 426, headers: { upgrade: 'websocket', 'content-type': 'application/problem+json; charset=utf-8' } })
  t.match(answer.json(), { code: 'UPGRADE_REQUIRED', detail: 'Connect with a WebSocket client.' })
}))

t.test('a service that closes says so', async t => {
  const { app, submit } = await startService(t, { job: define(), connection: redisUrl() })
  const { body: { jobId } } = await submit({})
  const { send, next, closed } = await openSocket(t, `${await listen(app)}/jobs/socket`)
  send({ type: 'subscribe', jobId })
  await next()
  await app.close()
  t.strictSame(await closed, [1012, 'The service is closing: connect again'])
})

/** A client that upgrades, and then neither reads nor answers. */
async function connectDeaf (t: Test, app: FastifyInstance): Promise<{ socket: TcpSocket, closed: Promise<unknown> }> {
  const { hostname, port } = new URL(await listen(app))
  const accepted = new Promise<TcpSocket>(resolve => { app.server.once('connection', resolve) })
  const socket = connect(Number(port), hostname)
  t.teardown(() => { socket.destroy() })
  socket.on('error', () => {})
  socket.write(`GET /jobs/socket HTTP/1.1\r\nhost: ${hostname}\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: MTIzNDU2Nzg5MDEyMzQ1Ng==\r\n\r\n`)
  await once(socket, 'data')
  socket.pause()
  const server = await accepted
  return { socket, closed: new Promise(resolve => { server.once('close', resolve) }) }
}

t.test('a client that does not answer is disconnected', async t => {
  const { app } = await startService(t, { job: define(), connection: redisUrl() })
  mock.timers.enable({ apis: ['setInterval'] })
  t.teardown(() => { mock.timers.reset() })
  const { closed } = await connectDeaf(t, app)
  const alive = await openSocket(t, `${await listen(app)}/jobs/socket`)
  const pinged = once(alive.socket, 'ping')
  mock.timers.tick(15_000)
  await pinged
  // Its answer arrives before what it sends next is answered.
  alive.send({ type: 'subscribe', jobId: 'unknown' })
  await alive.next()
  mock.timers.tick(15_000)
  await closed
  t.equal(alive.socket.readyState, 1, 'one that does stays')
})

t.test('nor does it keep the service from closing', async t => {
  const { app } = await startService(t, { job: define(), connection: redisUrl() })
  const { closed } = await connectDeaf(t, app)
  await app.close()
  await closed
  t.pass('it closed')
})

t.test('a store that is away, and what nobody foresaw', async t => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const { app, submit } = await startService(t, { job: define(), connection: redis.url })
  const { body: { jobId } } = await submit({})
  const { send, next } = await openSocket(t, `${await listen(app)}/jobs/socket`)
  await redis.kill()
  send({ type: 'subscribe', jobId })
  t.match(await next(), { type: 'error', jobId, problem: { status: 503, code: 'STORE_UNAVAILABLE' } })
})

t.test('who subscribes while the service closes is told nothing that would not last', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  await provideWebSockets(app)
  const closing = new AbortController()
  const asked = latch()
  await registerFakeRoutes(app, {
    definition: define(),
    operations: { events: async () => { asked.open() }, status: async () => { t.fail('asked') } } as never,
    closing: closing.signal
  })
  const { send, closed } = await openSocket(t, `${await listen(app)}/socket`)
  send({ type: 'subscribe', jobId: 'a' })
  closing.abort()
  await asked.promise
  t.equal((await closed)[0], 1012)
})

t.test('the owner may be known by the context of the request', async t => {
  const context = new AsyncLocalStorage<string>()
  const app = Fastify()
  t.teardown(() => app.close())
  // As @fastify/request-context does.
  app.addHook('onRequest', (request, _reply, done) => { context.run(String(request.headers['x-user']), done) })
  const job = define()
  await app.register(asyncJobs, { job, connection: redisUrl(), prefix: '/jobs', owner: () => context.getStore() ?? '' })
  const url = `${await listen(app)}/jobs/socket`
  const jobs = await Promise.all(['alice', 'bob'].map(owner => app.jobs(job).submit({}, { owner })))
  const sockets = await Promise.all(['alice', 'bob'].map(user => openSocket(t, url, { 'x-user': user })))
  for (const [index, { send, next }] of sockets.entries()) {
    for (const { jobId } of jobs) send({ type: 'subscribe', jobId })
    const told = [await next(), await next()]
    t.strictSame(told.map(({ type }) => type).sort(), ['error', 'job'])
    t.equal((told.find(({ type }) => type === 'job')?.['job'] as Job).jobId, jobs[index]?.jobId)
  }
})
