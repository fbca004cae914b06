import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import { createJobsClient, isJobNotFoundError, type JobsClientOptions } from '../../lib/client/index.js'
import { watchJobs } from '../../lib/client/watch.js'
import { createWorker, defineJob, Type } from '../../lib/index.js'
import type { Transport, WatchEvent } from '../../types/client.js'
import type { JobStatus } from '../../types/job.js'
import { redisUrl, uniqueName } from '../helpers/engines.js'
import { latch } from '../helpers/latch.js'
import { startService } from '../helpers/service.js'
import { runningTimers, skipDelays, timeIsOver } from './delays.js'
import { answer, event, html, job, problem, stream, type Reaction } from './faulty-server.js'
import { countListeners } from './listeners.js'
import { setUpClient } from './settings.js'
import { provideWebSocket, socketServer, tell, type Connection } from './socket-server.js'

interface Setup extends JobsClientOptions {
  ids?: string[]
  connections?: Connection[]
  request?: Reaction
}

/** Watches jobs on a server that does this with its connections. */
async function setup (t: Test, { ids = ['a', 'b'], connections = [], request, ...options }: Setup) {
  provideWebSocket(t)
  const server = await socketServer(t, connections, request)
  const { http, follow } = setUpClient(server.url, options)
  const controller = new AbortController()
  const listeners = countListeners(controller.signal)
  t.teardown(() => {
    if (runningTimers() > 0) throw new Error('A timer is left.')
    if (!controller.signal.aborted && listeners() > 0) throw new Error('A listener is left.')
  })
  const ways: Transport[] = []
  const events = watchJobs(http, follow, server.socketUrl, ids, way => { ways.push(way) }, controller.signal)
  return { ...server, events, ways, controller }
}

const is = (jobId: string, status: JobStatus, id = '0.x'): object => ({ type: 'job', id, job: job(status, { jobId }) })
const fails = (jobId: string, status: number): object => ({ type: 'error', jobId, problem: problem(status, 'A_CODE') })
const subscribes = (jobId: string, after?: string): object => ({ type: 'subscribe', jobId, ...(after !== undefined && { after }) })

async function collect (events: AsyncIterable<WatchEvent>): Promise<string[]> {
  const all: string[] = []
  for await (const event of events) {
    if (event.type === 'job') all.push(`${event.job.jobId} ${event.job.status}`)
    if (event.type === 'output') all.push(`${event.jobId} ${event.index}`)
    if (event.type === 'error') all.push(`${event.jobId} ${event.error.name}`)
  }
  return all
}

const errorOf = (events: AsyncIterable<WatchEvent>): Promise<unknown> => collect(events).then(() => 'nothing', (error: unknown) => error)

t.test('the jobs of the plugin', async t => {
  for (const restart of [false, true]) {
    await t.test(restart ? 'over a restart of the service' : 'over one connection', async t => {
      provideWebSocket(t)
      const job = defineJob({ name: uniqueName(), input: Type.Object({ text: Type.String() }), output: Type.Object({ length: Type.Number() }) })
      const go = latch()
      const worker = createWorker(job, async ({ text }, { write }) => {
        await write(text)
        await go.promise
        await write('the end')
        return { length: text.length }
      }, { connection: redisUrl(), concurrency: 10 })
      t.teardown(() => worker.close())
      await worker.ready()

      const start = async (port: number): Promise<FastifyInstance> => {
        const { app } = await startService(t, { job, connection: redisUrl() })
        await app.listen({ port, host: '127.0.0.1' })
        return app
      }
      const app = await start(0)
      const { port } = app.server.address() as AddressInfo
      const restarted = async (): Promise<void> => {
        await app.close()
        await start(port)
      }

      const jobs = createJobsClient<typeof job>(`http://127.0.0.1:${port}/jobs`, { retry: { minDelay: 1, maxDelay: 20, attempts: 10_000 } })
      const texts = ['one', 'two', 'three', 'four', 'five', 'six']
      const ids = await Promise.all(texts.map(async text => (await jobs.submit({ text })).id))
      const unknown = '00000000-0000-4000-8000-000000000000'
      const ways: Transport[] = []
      const outputs: unknown[] = []
      const last = new Map<string, string>()
      for await (const event of jobs.watch([...ids, unknown, unknown], { onTransport: way => { ways.push(way) } })) {
        if (event.type === 'error') {
          t.ok(isJobNotFoundError(event.error))
          last.set(event.jobId, event.error.name)
        }
        if (event.type === 'job') last.set(event.job.jobId, event.job.status)
        if (event.type !== 'output') continue
        outputs.push(event.data)
        if (outputs.length === texts.length) {
          if (restart) await restarted()
          go.open()
        }
      }
      t.same([...last.values()].sort(), ['JobNotFoundError', ...texts.map(() => 'completed')])
      t.same(outputs.sort(), [...texts, ...texts.map(() => 'the end')].sort(), 'every chunk once')
      t.same(ways, restart ? ['websocket', 'websocket'] : ['websocket'])
    })
  }
})

t.test('events until all are final', async t => {
  const chunk = { type: 'output', id: '1.x', jobId: 'b', index: 0, run: 1, data: 'x' }
  const { events, ways, received } = await setup(t, { connections: [tell([is('a', 'pending'), chunk, is('a', 'completed'), is('a', 'completed'), is('c', 'failed'), { type: 'pong' }, is('b', 'canceled')])] })
  t.same(await collect(events), ['a pending', 'b 0', 'a completed', 'b canceled'])
  t.same(ways, ['websocket'])
  t.same(received, [[subscribes('a'), subscribes('b')]])
})

t.test('no jobs, no connection', async t => {
  const { events, upgrades } = await setup(t, { ids: [] })
  t.same(await collect(events), [])
  t.equal(upgrades(), 0)
})

t.test('a new connection goes on where the last one was', async t => {
  skipDelays(t)
  for (const [code, ...junk] of [[1012], [1011], [undefined, 'no JSON']] as Array<[number | undefined, ...string[]]>) {
    const { events, received } = await setup(t, {
      connections: [tell([is('a', 'pending', '0.a'), is('b', 'in_progress', '3.b'), ...junk], code), tell([is('a', 'completed', '0.c')], code ?? 1012), tell([is('b', 'failed')])]
    })
    t.same(await collect(events), ['a pending', 'b in_progress', 'a completed', 'b failed'])
    t.same(received[1], [subscribes('a', '0.a'), subscribes('b', '3.b')])
    t.same(received[2], [subscribes('b', '3.b')])
  }
})

t.test('1008: the server will not have it', async t => {
  const { events, upgrades } = await setup(t, { connections: [tell([], 1008)] })
  t.match(await errorOf(events), { name: 'RequestFailedError', message: /was closed: because$/ })
  t.equal(upgrades(), 1)
})

t.test('what keeps one job from being watched is told of that one', async t => {
  const { events } = await setup(t, { ids: ['a', 'b', 'c', 'd'], connections: [tell([fails('a', 404), fails('b', 410), fails('c', 403), is('d', 'completed')])] })
  const all: WatchEvent[] = []
  for await (const event of events) all.push(event)
  t.match(all, [
    { type: 'error', jobId: 'a', error: { name: 'JobNotFoundError', jobId: 'a', problem: { status: 404 }, message: 'a: What A_CODE means.' } },
    { type: 'error', jobId: 'b', error: { name: 'JobNotFoundError', problem: { status: 410 } } },
    { type: 'error', jobId: 'c', error: { name: 'RequestFailedError', status: 403 } },
    { type: 'job' }
  ])
})

t.test('one that cannot be read now is asked for again, and so are the others', async t => {
  skipDelays(t)
  const { events, received } = await setup(t, { connections: [tell([is('a', 'pending', '0.a'), fails('b', 503)]), tell([is('b', 'completed'), is('a', 'completed')])] })
  t.same(await collect(events), ['a pending', 'b completed', 'a completed'])
  t.same(received[1], [subscribes('a', '0.a'), subscribes('b')])
})

/** The requests for these jobs, by their paths. */
function route (paths: Record<string, Reaction>): Reaction {
  return (response, request) => { (paths[String(request.url)] ?? html(500))(response, request) }
}

const both = route({
  '/jobs/events/a': stream(event('0.a', 'job', job('completed', { jobId: 'a' }))),
  '/jobs/events/b': answer(404, problem(404, 'JOB_NOT_FOUND'))
})

t.test('what is no way through is replaced by requests', async t => {
  skipDelays(t)
  const cases: Record<string, [connection: Connection, tries: number]> = {
    'no upgrade': [undefined, 1],
    'nothing told': [tell([], 1011), 3],
    'nothing that can be read': [tell([fails('a', 503)]), 3],
    'no message': [tell(['null']), 3],
    'no job': [tell(['{"type":"job","job":null}']), 3],
    'no problem': [tell(['{"type":"error","jobId":"a","problem":null}']), 3]
  }
  for (const [name, [connection, tries]] of Object.entries(cases)) {
    const { events, ways, upgrades } = await setup(t, { connections: Array.from({ length: 10 }, () => connection), request: both })
    t.same((await collect(events)).sort(), ['a completed', 'b JobNotFoundError'], name)
    t.equal(upgrades(), tries)
    t.same(ways.filter(way => way !== 'websocket'), ['sse', 'sse'])
  }
})

t.test('a WebSocket that cannot even be made is none', async t => {
  skipDelays(t)
  const { events } = await setup(t, { request: both })
  provideWebSocket(t, class { constructor () { throw new DOMException('not from here', 'SecurityError') } })
  t.same((await collect(events)).sort(), ['a completed', 'b JobNotFoundError'])
})

t.test('what was told before requests take over is not told again', async t => {
  skipDelays(t)
  const seen: unknown[] = []
  const { events } = await setup(t, {
    ids: ['a'],
    connections: [tell([is('a', 'pending', '5.a')], 1011)],
    request (response, request) {
      seen.push(request.headers['last-event-id'])
      stream(event('5.c', 'job', job('completed', { jobId: 'a' })))(response, request)
    }
  })
  t.same(await collect(events), ['a pending', 'a completed'])
  t.same(seen, ['5.a'])
})

t.test('a WebSocket that has told something outlasts the restart of a server', async t => {
  skipDelays(t)
  const { events, ways, received } = await setup(t, { ids: ['a'], connections: [tell([is('a', 'pending', '5.a')], 1012), undefined, undefined, undefined, undefined, tell([is('a', 'completed')])] })
  t.same(await collect(events), ['a pending', 'a completed'])
  t.same(received.at(-1), [subscribes('a', '5.a')])
  t.same(new Set(ways), new Set(['websocket']))
})

t.test('a connection that lasted has worked, also where nothing happened', async t => {
  skipDelays(t)
  let now = 0
  t.intercept(Date, 'now', { value: () => now })
  const later: Connection = socket => {
    socket.once('message', () => { now += 60_000 })
    tell([], 1011)(socket)
  }
  const { events, upgrades } = await setup(t, { ids: ['a'], connections: [...Array.from({ length: 10 }, () => later), tell([is('a', 'completed')])] })
  t.same(await collect(events), ['a completed'])
  t.equal(upgrades(), 11)
})

t.test('few attempts are an error when they are over', async t => {
  const { events } = await setup(t, { connections: [tell([], 1012)], retry: { attempts: 1 } })
  t.match(await errorOf(events), { name: 'NetworkError', message: /was closed$/ })
})

t.test('more jobs than there are connections are polled', async t => {
  skipDelays(t)
  const ids = Array.from({ length: 10 }, (_, index) => `job-${index}`)
  const { events, ways } = await setup(t, {
    ids,
    request (response, request) {
      const jobId = String(request.url?.split('/').pop())
      if (request.url?.includes('/events/')) return stream(event('0.c', 'job', job('completed', { jobId })))(response, request)
      answer(200, job('completed', { jobId }))(response, request)
    }
  })
  t.same((await collect(events)).sort(), ids.map(id => `${id} completed`))
  t.same(new Set(ways), new Set(['poll']))
})

t.test('a connection that does not open', async t => {
  skipDelays(t)
  const asked = latch()
  const { events, ways } = await setup(t, { ids: ['a'], request: both })
  const Real = globalThis.WebSocket
  // Nobody answers the handshake.
  const deaf = createServer(socket => { socket.on('error', () => {}); asked.open() }).listen(0, '127.0.0.1')
  await once(deaf, 'listening')
  t.teardown(() => { deaf.close() })
  provideWebSocket(t, class {
    constructor () { return new Real(`ws://127.0.0.1:${(deaf.address() as AddressInfo).port}`) }
  })
  const all = collect(events)
  await asked.promise
  timeIsOver(10_000)
  t.same(await all, ['a completed'])
  t.same(ways, ['sse'])
})

t.test('a connection that falls silent', async t => {
  t.test('is asked, and goes on where the server answers', async t => {
    const pinged = latch<WebSocket>()
    const { events, upgrades } = await setup(t, {
      ids: ['a'],
      connections: [socket => {
        socket.on('message', data => {
          if (String(data).includes('ping')) return pinged.open(socket)
          socket.send(JSON.stringify(is('a', 'pending')))
        })
      }]
    })
    await events.next()
    const rest = collect(events)
    timeIsOver(20_000)
    const socket = await pinged.promise
    socket.send('{"type":"pong"}')
    socket.send(JSON.stringify(is('a', 'completed')))
    t.same(await rest, ['a completed'])
    t.equal(upgrades(), 1)
  })

  t.test('is replaced where it does not', async t => {
    skipDelays(t)
    const pinged = latch()
    const { events, received } = await setup(t, {
      ids: ['a'],
      connections: [socket => {
        socket.on('message', data => {
          if (String(data).includes('ping')) return pinged.open()
          socket.send(JSON.stringify(is('a', 'pending', '0.p')))
        })
      }, tell([is('a', 'completed')])]
    })
    await events.next()
    const rest = collect(events)
    timeIsOver(20_000)
    await pinged.promise
    timeIsOver(10_000)
    t.same(await rest, ['a completed'])
    t.same(received, [[subscribes('a'), { type: 'ping' }], [subscribes('a', '0.p')]])
  })
})

t.test('where a message is too long for that, requests get it', async t => {
  skipDelays(t)
  let now = 0
  t.intercept(Date, 'now', { value: () => now })
  const pinged: Array<() => void> = []
  const mute: Connection = socket => {
    tell(upgrades() === 1 ? [is('a', 'pending', '0.p')] : [])(socket)
    socket.on('message', data => { if (String(data).includes('ping')) pinged.shift()?.() })
  }
  const { events, ways, upgrades } = await setup(t, { ids: ['a'], connections: Array.from({ length: 10 }, () => mute), request: both })
  await events.next()
  const rest = collect(events)
  for (let connections = 0; connections < 3; connections++) {
    const asked = latch()
    pinged.push(asked.open)
    const asking = setInterval(() => { timeIsOver(20_000) }, 1)
    await asked.promise
    clearInterval(asking)
    now += 30_000
    timeIsOver(10_000)
  }
  t.same(await rest, ['a completed'])
  t.equal(upgrades(), 3)
  t.equal(ways.at(-1), 'sse')
})

t.test('the plugin answers a ping', async t => {
  const definition = defineJob({ name: uniqueName(), input: Type.Null(), output: Type.Null() })
  const { app } = await startService(t, { job: definition, connection: redisUrl() })
  const origin = await app.listen({ port: 0, host: '127.0.0.1' })
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/jobs/socket`)
  await once(socket, 'open')
  socket.send('{"type":"ping"}')
  t.equal(String((await once(socket, 'message'))[0]), '{"type":"pong"}')
  socket.terminate()
})

t.test('whoever leaves', async t => {
  t.test('closes the connection', async t => {
    const closed = latch()
    const { events } = await setup(t, { connections: [socket => { socket.on('close', closed.open); tell([is('a', 'pending')])(socket) }] })
    t.match(await events.next(), { value: { id: '0.x' } })
    await events.return()
    await closed.promise
  })

  t.test('ends the requests', async t => {
    skipDelays(t)
    const gone = latch()
    const { events } = await setup(t, {
      request (response, request) {
        if (request.url?.endsWith('/a')) return stream(event('0.a', 'job', job('completed', { jobId: 'a' })))(response, request)
        response.on('close', gone.open)
      }
    })
    t.match(await events.next(), { value: { id: '0.a' } })
    await events.return()
    await gone.promise
  })
})

t.test('an abort', async t => {
  t.test('before it began', async t => {
    const { events, controller, upgrades } = await setup(t, {})
    controller.abort('enough')
    t.equal(await errorOf(events), 'enough')
    t.equal(upgrades(), 0)
  })

  t.test('before the connection opened', async t => {
    const { events, controller } = await setup(t, { connections: [tell([])] })
    const error = errorOf(events)
    void setImmediate().then(() => { controller.abort('enough') })
    t.equal(await error, 'enough')
  })

  t.test('while nothing happens, and while messages wait', async t => {
    for (const messages of [[], [is('a', 'pending'), is('a', 'in_progress'), is('b', 'pending')]]) {
      const closed = latch()
      const told = latch()
      const { events, controller } = await setup(t, { connections: [socket => { socket.on('close', closed.open); tell(messages)(socket); socket.once('message', () => told.open()) }] })
      const first = events.next().catch((error: unknown) => error)
      await told.promise
      if (messages.length > 0) t.match(await first, { value: { type: 'job' } })
      controller.abort('enough')
      t.equal(messages.length > 0 ? await errorOf(events) : await first, 'enough')
      await closed.promise
    }
  })

  t.test('between two connections', async t => {
    const closed = latch()
    const { events, controller, upgrades } = await setup(t, { connections: [socket => { socket.on('close', closed.open); tell([is('a', 'pending')], 1012)(socket) }], retry: { minDelay: 600_000, maxDelay: 600_000 } })
    t.intercept(Math, 'random', { value: () => 1 })
    await events.next()
    const error = errorOf(events)
    await closed.promise
    controller.abort('enough')
    t.equal(await error, 'enough')
    t.equal(upgrades(), 1)
  })

  t.test('of the requests', async t => {
    skipDelays(t)
    const asked = latch()
    const gone = latch()
    const { events, controller } = await setup(t, { ids: ['a'], request: response => { response.on('close', gone.open); asked.open() } })
    const error = errorOf(events)
    await asked.promise
    controller.abort('enough')
    t.equal(await error, 'enough')
    await gone.promise
  })
})
