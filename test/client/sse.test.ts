import { Readable } from 'node:stream'
import t, { type Test } from 'tap'
import type { JobsClientOptions } from '../../lib/client/index.js'
import type { Known } from '../../lib/client/known.js'
import { UnsuitableError } from '../../lib/client/errors.js'
import { FIRST_BYTE, followBySse, SILENCE, type Position } from '../../lib/client/sse.js'
import type { Job, JobEvent } from '../../types/job.js'
import { runningTimers, skipDelays, timeIsOver } from './delays.js'
import { answer, chunk, cutOff, event, faultyServer, html, job, openStream, problem, reset, silence, stream, type Reaction } from './faulty-server.js'
import { countListeners } from './listeners.js'
import { setUpClient } from './settings.js'

/** Follows a job on a server with these reactions. */
async function setup (t: Test, reactions: Reaction[], { after, insist = false, job, ...options }: JobsClientOptions & { after?: string, insist?: boolean, job?: Job } = {}) {
  const { url, seen } = await faultyServer(t, ...reactions)
  const known: Known = { jobId: 'the-job', askAt: 0, ...(job !== undefined && { job }) }
  const position: Position = { id: after, index: 0 }
  const controller = new AbortController()
  const listeners = countListeners(controller.signal)
  t.teardown(() => {
    if (runningTimers() > 0) throw new Error('A timer is left.')
    if (!controller.signal.aborted && listeners() > 0) throw new Error('A listener is left.')
  })
  const events = followBySse(setUpClient(url, options).http, { method: 'GET', url, known, signal: controller.signal }, position, insist)
  return { events, known, position, controller, seen, lastIds: () => seen.map(({ headers }) => headers['last-event-id']) }
}

async function collect (events: AsyncIterable<JobEvent>): Promise<string[]> {
  const all: string[] = []
  for await (const event of events) all.push(event.type === 'job' ? event.job.status : `${event.index}`)
  return all
}

const errorOf = (events: AsyncIterable<JobEvent>): Promise<unknown> => collect(events).then(() => 'nothing', (error: unknown) => error)

const running = event('0.r', 'job', job('in_progress'))
const completed = event('2.c', 'job', job('completed'))
const completing = stream(running, chunk(0), chunk(1), completed)

t.test('a stream from the snapshot to the end', async t => {
  const { events, known, position, seen } = await setup(t, [completing])
  const all: JobEvent[] = []
  for await (const event of events) all.push(event)
  t.same(all, [
    { type: 'job', id: '0.r', job: job('in_progress') },
    { type: 'output', id: '1.', jobId: 'the-job', index: 0, run: 1, data: 'chunk 0' },
    { type: 'output', id: '2.', jobId: 'the-job', index: 1, run: 1, data: 'chunk 1' },
    { type: 'job', id: '2.c', job: job('completed') }
  ])
  t.match(known.job, { status: 'completed' })
  t.same(position, { id: '2.c', index: 2 })
  t.match(seen, [{ method: 'GET', headers: { accept: 'text/event-stream', 'last-event-id': undefined } }])
})

t.test('what is of no known type is passed over', async t => {
  const { events } = await setup(t, [stream(event('0.', 'news', {}), completed)])
  t.same(await collect(events), ['completed'])
})

t.test('it goes on after the last event', async t => {
  for (const broken of [
    stream(running, chunk(0)),
    stream(running, chunk(0), 'id: 2.\nevent: output\nda'),
    stream(running, chunk(0), 'id: 2.\nevent: output\ndata: {"jobId":\n\n')
  ]) {
    skipDelays(t)
    const { events, lastIds } = await setup(t, [broken, reset, html(502), cutOff, stream(chunk(1), completed)], { after: 'x' })
    // What cutOff answers is no stream of events: for that, this way is given up.
    t.type(await errorOf(events), UnsuitableError)
    t.same(lastIds(), ['x', '1.', '1.', '1.'])
  }
  const { events, lastIds } = await setup(t, [stream(running, chunk(0)), reset, html(502), stream(chunk(1), completed)])
  t.same(await collect(events), ['in_progress', '0', '1', 'completed'])
  t.same(lastIds(), [undefined, '1.', '1.', '1.'])
})

t.test('a server that knows nothing of the last event tells no chunk twice', async t => {
  skipDelays(t)
  const { events } = await setup(t, [stream(running, chunk(0)), completing])
  t.same(await collect(events), ['in_progress', '0', 'in_progress', '1', 'completed'])
})

t.test('204: there is nothing left to tell', async t => {
  const { events } = await setup(t, [response => { response.writeHead(204).end() }], { after: '2.c' })
  t.same(await collect(events), [])
})

t.test('what is no event', async t => {
  const garbage = [
    'event: output\ndata: {"jobId":', 'event: output\ndata: null', 'event: output\ndata: ',
    'event: job\ndata: null', 'event: job\ndata: 5', 'event: job\ndata: []', 'event: job\ndata: {"jobId":"the-job"}', 'event: job'
  ]
  for (const text of garbage) {
    skipDelays(t)
    const broken = stream(running, chunk(0), `id: 2.x\n${text}\n\n`)
    const { events, known, seen } = await setup(t, Array.from({ length: 10 }, () => broken), { retry: { attempts: 3 } })
    t.match(await errorOf(events), { name: 'NetworkError', jobId: 'the-job', job: { status: 'in_progress' } }, text)
    // The server does not go on after the last event: what it tells anew does not count.
    t.ok(seen.length < 10, `${seen.length} connections`)
    t.match(known.job, { status: 'in_progress' })
  }
  for (const ignored of ['event: output\ndata: 5', 'event: output\ndata: {"index":"x"}', 'event: news\ndata: 1', ': nothing', 'data: 1']) {
    const { events } = await setup(t, [stream(running, `id: 2.x\n${ignored}\n\n`, completed)])
    t.same(await collect(events), ['in_progress', 'completed'], ignored)
  }
})

t.test('a stream that ends after the same event again and again gets no further', async t => {
  skipDelays(t)
  const { events, seen } = await setup(t, Array.from({ length: 10 }, () => stream(running)), { retry: { attempts: 3 } })
  t.match(await errorOf(events), { name: 'NetworkError' })
  t.equal(seen.length, 3)
})

t.test('an event in pieces without an end is not read for ever', async t => {
  const { events, seen } = await setup(t, [response => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const more = (): void => { while (!response.destroyed && response.write('x'.repeat(1_048_576))); }
    response.on('drain', more)
    more()
  }])
  t.match(await errorOf(events), { name: 'NetworkError', message: /64 MiB/, jobId: 'the-job' })
  t.equal(seen.length, 1)
})

t.test('429', async t => {
  const limited = answer(429, { statusCode: 429, error: 'Too Many Requests', message: 'Rate limit exceeded' }, { 'retry-after': '7' })
  const full = answer(429, problem(429, 'TOO_MANY_CONNECTIONS'), { 'retry-after': '1' })

  await t.test('of a rate limit is repeated when it allows that', async t => {
    const delays = skipDelays(t)
    t.intercept(Math, 'random', { value: () => 0 })
    const { events } = await setup(t, [limited, limited, completing])
    t.equal((await collect(events)).at(-1), 'completed')
    t.same(delays, [7_000, 7_000])
  })

  await t.test('of the limit of connections leaves it to ways that hold none', async t => {
    for (const reaction of [full, answer(429, { statusCode: 429, code: 'TOO_MANY_CONNECTIONS', message: 'Too many' })]) {
      const { events, seen } = await setup(t, [reaction])
      t.type(await errorOf(events), UnsuitableError)
      t.equal(seen.length, 1)
    }
  })

  await t.test('of the limit of connections is repeated where there is no other way', async t => {
    const delays = skipDelays(t)
    t.intercept(Math, 'random', { value: () => 0 })
    const { events } = await setup(t, [full, completing], { insist: true })
    t.equal((await collect(events)).at(-1), 'completed')
    t.same(delays, [1_000])
  })
})

t.test('failures in a row are limited', async t => {
  const delays = skipDelays(t)
  const { events, seen } = await setup(t, [reset, stream(running), reset, stream(), html(503)], { retry: { attempts: 4 } })
  t.match(await errorOf(events), { name: 'RequestFailedError', status: 503, jobId: 'the-job', job: { status: 'in_progress' } })
  t.equal(seen.length, 5, 'an event begins a new count, an empty stream does not')
  t.equal(delays.length, 4)
})

t.test('a stream that lasted has worked, also where nothing happened', async t => {
  skipDelays(t)
  let now = 0
  t.intercept(Date, 'now', { value: () => now })
  const later: Reaction = (response, request) => {
    now += FIRST_BYTE + 1
    stream()(response, request)
  }
  const { events } = await setup(t, [...Array.from({ length: 20 }, () => later), completing], { retry: { attempts: 2 } })
  t.equal((await collect(events)).at(-1), 'completed')
})

t.test('Retry-After is obeyed', async t => {
  const delays = skipDelays(t)
  t.intercept(Math, 'random', { value: () => 0 })
  const { events } = await setup(t, [answer(503, {}, { 'retry-after': '7' }), completing])
  await collect(events)
  t.same(delays, [7_000])
})

t.test('answers that are final', async t => {
  for (const [reaction, error] of [
    [answer(404, problem(404, 'JOB_NOT_FOUND')), { name: 'JobNotFoundError', problem: { code: 'JOB_NOT_FOUND' } }],
    [answer(410, problem(410, 'JOB_EXPIRED')), { name: 'JobNotFoundError', problem: { code: 'JOB_EXPIRED' } }],
    [answer(401, {}), { name: 'RequestFailedError', status: 401 }],
    [answer(500, problem(500, 'JOB_UNREADABLE')), { name: 'RequestFailedError', status: 500, problem: { code: 'JOB_UNREADABLE' } }]
  ] as const) {
    const { events, seen } = await setup(t, [reaction])
    t.match(await errorOf(events), error)
    t.equal(seen.length, 1)
  }
})

t.test('an answer with half a body is one all the same', async t => {
  skipDelays(t)
  const { events } = await setup(t, [
    response => {
      response.writeHead(503, { 'content-length': '1000' })
      response.write('{', () => { response.socket?.resetAndDestroy() })
    },
    completing
  ])
  t.equal((await collect(events)).at(-1), 'completed')
})

t.test('what does not let a stream through', async t => {
  const answers: Record<string, Reaction> = {
    'JSON in its place': answer(200, job('pending')),
    'no media type': response => { response.writeHead(200).end('data: 1\n\n') },
    405: html(405),
    406: html(406),
    501: html(501),
    'a 404 that is not of the API': html(404)
  }
  for (const [name, reaction] of Object.entries(answers)) {
    const { events, seen } = await setup(t, [reaction])
    const error = await errorOf(events)
    t.type(error, UnsuitableError, name)
    t.match(error, { name: 'NetworkError', code: 'NETWORK_ERROR', jobId: 'the-job' })
    t.equal(seen.length, 1)
  }
})

t.test('a fetch whose bodies cannot be read while they come', async t => {
  const events = 'retry: 1000\n\n' + running + chunk(0) + completed
  const headers = new Headers({ 'content-type': 'text/event-stream' })
  for (const body of [null, undefined, Readable.from([events])]) {
    const options = { fetch: async () => ({ ok: true, status: 200, headers, body, text: async () => events }) as unknown as Response }
    const running = await setup(t, [], options)
    t.type(await errorOf(running.events), UnsuitableError, 'while the job runs, its end may be far')
    const final = await setup(t, [], { ...options, job: job('completed') })
    t.same(await collect(final.events), ['in_progress', '0', 'completed'], 'once it is final, it is near')
  }
})

t.test('a first byte that does not come', async t => {
  const { reaction, arrived, gone } = silence()
  const { events } = await setup(t, [reaction])
  const error = errorOf(events)
  await arrived
  timeIsOver(FIRST_BYTE)
  t.type(await error, UnsuitableError)
  await gone
})

t.test('a first byte that does not come, where the job is final', async t => {
  skipDelays(t)
  const { reaction, arrived, gone } = silence()
  const { events, known } = await setup(t, [reaction, completing])
  known.job = job('completed')
  const all = collect(events)
  await arrived
  timeIsOver(FIRST_BYTE)
  timeIsOver(SILENCE)
  await gone
  t.same(await all, ['in_progress', '0', '1', 'completed'])
})

t.test('a stream that falls silent', async t => {
  skipDelays(t)
  const { reaction, gone } = openStream(running)
  const { events, lastIds } = await setup(t, [reaction, stream(completed)])
  t.match(await events.next(), { value: { id: '0.r' } })
  const rest = collect(events)
  timeIsOver(SILENCE)
  await gone
  t.same(await rest, ['completed'])
  t.same(lastIds(), [undefined, '0.r'])
})

t.test('whoever leaves ends the connection', async t => {
  const { reaction, gone } = openStream(running)
  const { events } = await setup(t, [reaction])
  t.match(await events.next(), { value: { id: '0.r' } })
  await events.return()
  await gone
})

t.test('an abort', async t => {
  t.test('before it began: nothing is sent', async t => {
    const { events, controller, seen } = await setup(t, [])
    controller.abort('enough')
    t.equal(await errorOf(events), 'enough')
    t.same(seen, [])
  })

  t.test('before the first byte', async t => {
    const { reaction, arrived, gone } = silence()
    const { events, controller } = await setup(t, [reaction])
    const error = errorOf(events)
    await arrived
    controller.abort('enough')
    t.equal(await error, 'enough')
    await gone
  })

  t.test('in the stream', async t => {
    const { reaction, gone } = openStream(running)
    const { events, controller, seen } = await setup(t, [reaction])
    await events.next()
    const next = events.next().catch((error: unknown) => error)
    controller.abort('enough')
    t.equal(await next, 'enough')
    await gone
    t.equal(seen.length, 1)
  })
})

t.test('what the caller\'s own functions throw is theirs', async t => {
  const own = new Error('The token cannot be renewed.')
  const { events, seen } = await setup(t, [], { headers: () => { throw own } })
  t.equal(await errorOf(events), own)
  t.same(seen, [])
})
