import t, { type Test } from 'tap'
import Fastify from 'fastify'
import { fastifySSE } from '@fastify/sse'
import { connect } from 'node:net'
import { once } from 'node:events'
import { mock } from 'node:test'
import { asyncJobs, defineJob, Type, type Job, type JobEvent } from '../../lib/index.js'
import { JobNotFoundError, StoreUnavailableError } from '../../lib/base/errors.js'
import type { JobOperations } from '../../lib/api/operations.js'
import { onEachEngine, redisUrl, uniqueName } from '../helpers/engines.js'
import { latch } from '../helpers/latch.js'
import { startService } from '../helpers/service.js'
import { all, listen, openStream, type SentEvent } from '../helpers/watch.js'
import { registerFakeRoutes } from '../helpers/routes.js'

const schemas = { input: Type.Object({}), output: Type.Object({ ok: Type.Boolean() }) }
const define = () => defineJob({ ...schemas, name: uniqueName() })

t.test('the job as it is, its chunks, and its end', t => onEachEngine(t, async (t, { connection }) => {
  const written = latch()
  const watched = latch()
  const { app, submit, status } = await startService(t, {
    job: define(),
    connection,
    processor: async (_input, { write, progress }) => {
      await write('first\nline')
      await write({ deep: [null] })
      await progress(50, 'half')
      written.open()
      await watched.promise
      await write('last')
      return { ok: true }
    }
  })
  const origin = await listen(app)
  const { body: { jobId, links } } = await submit({})
  await written.promise
  const { response, events } = await openStream(t, origin + links.events)
  t.equal(response.status, 200)
  t.match(Object.fromEntries(response.headers), { 'content-type': 'text/event-stream', 'cache-control': 'no-store, no-transform', 'x-accel-buffering': 'no' })
  const first = await events.next()
  t.match(first.value, { event: 'job', data: { jobId, status: 'in_progress', links: { events: `/jobs/events/${jobId}` } } })
  watched.open()
  const rest = await all(events)
  const chunks = rest.filter(({ event }) => event === 'output')
  t.strictSame(chunks.map(({ data }) => data), [
    { jobId, index: 0, run: 1, data: 'first\nline' }, { jobId, index: 1, run: 1, data: { deep: [null] } }, { jobId, index: 2, run: 1, data: 'last' }
  ])
  t.strictSame(rest.at(-1)?.data, (await status(jobId)).body, 'at the end the job, as everywhere')

  const again = await all((await openStream(t, origin + links.events)).events)
  t.strictSame(again.map(({ event }) => event), ['output', 'output', 'output', 'job'], 'who comes late gets it all')
  const after = (id: string | undefined): Promise<SentEvent[]> => openStream(t, origin + links.events, { 'last-event-id': id as string }).then(({ events }) => all(events))
  t.strictSame(await after(again[1]?.id), again.slice(2), 'who comes back goes on')
  const over = await openStream(t, origin + links.events, { 'last-event-id': again[3]?.id as string })
  t.strictSame([over.response.status, await all(over.events)], [204, []], 'who has all is told so')
}))

t.test('tells the client when to come back', async t => {
  const { app, submit } = await startService(t, { job: define(), connection: redisUrl() })
  const { body: { links } } = await submit({})
  const gone = new AbortController()
  const { body } = await fetch(await listen(app) + links.events, { signal: gone.signal })
  const { value } = await (body as ReadableStream<Uint8Array>).getReader().read()
  t.match(new TextDecoder().decode(value), /^retry: 1000\n\n/)
  gone.abort()
})

t.test('does not know', t => onEachEngine(t, async (t, { connection }) => {
  const { app } = await startService(t, { job: define(), connection })
  for (const id of ['6f1c2b1e-8f0a-4b57-9d3e-2a7c5d4e9f10', 'abc', 'x'.repeat(10_240)]) {
    const answer = await app.inject(`/jobs/events/${id}`)
    t.match(answer, { statusCode: 404, headers: { 'content-type': 'application/problem+json; charset=utf-8' } })
    t.match(answer.json(), { code: 'JOB_NOT_FOUND' })
  }
}))

t.test('a host that has @fastify/sse itself', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(fastifySSE)
  const job = define()
  await app.register(asyncJobs, { job, connection: redisUrl(), prefix: '/jobs', processor: () => ({ ok: true }) })
  await app.ready()
  const { links } = await app.jobs(job).submit({})
  const { events } = await openStream(t, await listen(app) + links.events)
  t.match((await all(events)).at(-1), { event: 'job', data: { status: 'completed' } })
})

t.test('a service that closes ends the stream', t => onEachEngine(t, async (t, { connection }) => {
  const { app, submit } = await startService(t, { job: define(), connection })
  const { body: { links } } = await submit({})
  const { events } = await openStream(t, await listen(app) + links.events)
  t.match((await events.next()).value, { data: { status: 'pending' } })
  await app.close()
  t.strictSame(await all(events), [])
}))

/** The route over events that a test makes up. */
async function startFake (t: Test, events: JobOperations['events'], closing = new AbortController()): Promise<{ url: string, closing: AbortController, lines: Array<Record<string, unknown>>, closed: Promise<unknown> }> {
  const lines: Array<Record<string, unknown>> = []
  const app = Fastify({ logger: { level: 'info', stream: { write: (line: string) => { lines.push(JSON.parse(line) as Record<string, unknown>) } } } })
  t.teardown(() => app.close())
  await registerFakeRoutes(app, { definition: define(), operations: { events }, closing: closing.signal, prefix: '/jobs' })
  const closed = new Promise(resolve => { app.server.once('request', (_request, response) => { response.once('close', resolve) }) })
  return { url: `${await listen(app)}/jobs/events/id`, closing, lines, closed }
}

const event = (data: unknown): JobEvent => ({ type: 'output', id: '1.', jobId: 'id', index: 0, run: 1, data })

t.test('a stream that breaks in the middle ends, and the log tells', async t => {
  const { url, lines } = await startFake(t, async () => (async function * () { yield event('a'); throw new Error('no store') })())
  const { events } = await openStream(t, url)
  t.match(await all(events), [{ data: { data: 'a' } }])
  t.match(lines.find(({ msg }) => msg === 'The stream of events ended'), { err: { message: 'no store' } })
})

t.test('who comes while the service closes is not told that all is over', async t => {
  const { url, closing } = await startFake(t, async () => undefined)
  closing.abort()
  const { response, events } = await openStream(t, url)
  t.equal(response.status, 200)
  t.strictSame(await all(events), [], 'the stream ends at once, and its client comes back')
})

t.test('who comes back while the store is away shall come again: to EventSource, a 503 is the end', async t => {
  const { url } = await startFake(t, async () => { throw new StoreUnavailableError() })
  t.equal((await openStream(t, url)).response.status, 503, 'who comes for the first time is told')
  const { response, events } = await openStream(t, url, { 'last-event-id': '1.x' })
  t.equal(response.status, 200)
  t.strictSame(await all(events), [])
})

t.test('who comes back for a job that is gone is told so', async t => {
  const { url } = await startFake(t, async () => { throw new JobNotFoundError() })
  t.equal((await openStream(t, url, { 'last-event-id': '1.x' })).response.status, 404)
})

t.test('a client that hangs up is followed no more', async t => {
  const ended = latch()
  const { url, closed } = await startFake(t, async (_jobId, _base, { signal }) => (async function * () {
    yield event('a')
    await new Promise(resolve => { signal.addEventListener('abort', resolve) })
    ended.open()
    yield event('too late')
  })())
  const { events, hangUp } = await openStream(t, url)
  await events.next()
  hangUp()
  await Promise.all([ended.promise, closed])
})

t.test('silence is broken now and then', async t => {
  mock.timers.enable({ apis: ['setInterval'] })
  t.teardown(() => { mock.timers.reset() })
  const end = latch()
  const { url } = await startFake(t, async () => (async function * () { yield event('a'); await end.promise })())
  const { events, comments } = await openStream(t, url)
  await events.next()
  mock.timers.tick(15_000)
  end.open()
  await all(events)
  t.strictSame(comments, [''])
})

/** A client that asks and reads nothing. */
async function connectDeaf (t: Test, url: string): Promise<void> {
  const { hostname, port, pathname } = new URL(url)
  const socket = connect(Number(port), hostname)
  t.teardown(() => { socket.destroy() })
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.write(`GET ${pathname} HTTP/1.1\r\nhost: ${hostname}\r\n\r\n`)
}

const BIG = 'x'.repeat(10_000_000)

t.test('a client that does not read is disconnected', async t => {
  const full = latch()
  const { url, closed } = await startFake(t, async () => (async function * () { yield event('a'); full.open(); yield event(BIG); yield event(BIG) })())
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  await connectDeaf(t, url)
  await full.promise
  await turn()
  mock.timers.tick(15_000)
  await closed
  t.pass('it was')
})

t.test('also when the service closes', async t => {
  const full = latch()
  const { url, closed, closing } = await startFake(t, async () => (async function * () { yield event('a'); full.open(); yield event(BIG); yield event(BIG) })())
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  await connectDeaf(t, url)
  await full.promise
  await turn()
  closing.abort()
  mock.timers.tick(1_000)
  await closed
  t.pass('it does not keep it from closing')
})

t.test('the view is that of the request', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  const job = define()
  await app.register(asyncJobs, { job, connection: redisUrl(), prefix: '/tenants/:tenant/jobs', publicUrl: 'https://api.example.com', processor: () => ({ ok: true }) })
  await app.ready()
  const submitted = await app.inject({ method: 'POST', url: '/tenants/acme/jobs', payload: {} })
  const { links } = submitted.json<Job>()
  const { events } = await openStream(t, await listen(app) + new URL(links.events).pathname)
  t.strictSame((await all(events)).at(-1)?.data['links'], links)
})

async function turn (): Promise<void> {
  for (let n = 0; n < 10; n++) await new Promise(resolve => { setImmediate(resolve) })
}

t.test('answers HEAD as GET', async t => {
  const job = define()
  const { app, submit, until } = await startService(t, { job, connection: redisUrl(), processor: () => ({ ok: true }) })
  const { body: { jobId, links } } = await submit({})
  await until(jobId, 'completed')
  const url = await listen(app) + links.events
  const head = (headers: Record<string, string> = {}, path = url) => fetch(path, { method: 'HEAD', headers })
  const answer = await head()
  t.match(Object.fromEntries(answer.headers), { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  t.equal(answer.status, 200)
  const last = (await all((await openStream(t, url)).events)).at(-1)?.id as string
  t.equal((await head({ 'last-event-id': last })).status, 204)
  t.equal((await head({}, `${url}x`)).status, 404)

  const other = Fastify({ exposeHeadRoutes: false })
  t.teardown(() => other.close())
  await registerFakeRoutes(other, { definition: job, operations: {}, prefix: '/jobs' })
  t.equal((await other.inject({ method: 'HEAD', url: '/jobs/events/x' })).statusCode, 404, 'where the host wants any')
})

t.test('resumes by the query, too, as polyfills do', async t => {
  const afters: Array<string | undefined> = []
  const { url } = await startFake(t, async (_jobId, _caller, { after }) => { afters.push(after); return (async function * () { yield event('a') })() })
  const cases: Array<[query: string, headers: Record<string, string>, after: string | undefined]> = [
    ['', {}, undefined],
    ['?lastEventId=2.a.b', {}, '2.a.b'],
    ['?lastEventId=', {}, ''],
    ['?lastEventId=1.a.b&lastEventId=2.a.b', {}, '2.a.b'],
    ['?lastEventId=1.a.b', { 'last-event-id': '2.a.b' }, '2.a.b']
  ]
  for (const [query, headers] of cases) await all((await openStream(t, url + query, headers)).events)
  t.strictSame(afters, cases.map(([,, after]) => after))
})

t.test('a header of the host that cannot be sent ends what was begun', async t => {
  const left = latch()
  const app = Fastify()
  t.teardown(() => app.close())
  app.addHook('onRequest', async (_request, reply) => { void reply.header('x-name', 'Ünïcødé ✓') })
  await registerFakeRoutes(app, {
    definition: define(),
    operations: { events: async (_jobId, _caller, { signal }) => { signal.addEventListener('abort', () => { left.open() }); return (async function * () { yield event('a') })() } },
    prefix: '/jobs'
  })
  await fetch(`${await listen(app)}/jobs/events/id`).catch(() => {})
  await left.promise
})
