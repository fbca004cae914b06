import t, { type Test } from 'tap'
import type { JobsClientOptions } from '../../lib/client/index.js'
import { FIRST_BYTE } from '../../lib/client/sse.js'
import type { Transport } from '../../types/client.js'
import type { Job, JobEvent } from '../../types/job.js'
import { runningTimers, skipDelays, timeIsOver } from './delays.js'
import { setUpClient } from './settings.js'
import { answer, chunk, event, faultyServer, html, job, problem, reset, silence, stream, type Reaction } from './faulty-server.js'

/** Follows a job on a server with these reactions, with partial output. */
async function setup (t: Test, reactions: Reaction[], options: JobsClientOptions = {}, { job, withOutput = true, after, oneOfMany }: { job?: Job, withOutput?: boolean, after?: string, oneOfMany?: boolean } = {}) {
  const { url, seen } = await faultyServer(t, ...reactions)
  const ways: Transport[] = []
  const controller = new AbortController()
  t.teardown(() => { if (runningTimers() > 0) throw new Error('A timer is left.') })
  const known = { jobId: 'the-job', askAt: 0, ...(job !== undefined && { job }) }
  const events = setUpClient(url, options).follow(known, controller.signal, way => { ways.push(way) }, withOutput, after, oneOfMany)
  return { events, ways, controller, known, seen, paths: () => seen.map(({ url }) => url?.replace('/jobs', '').replace('/the-job', '')) }
}

async function collect (events: AsyncIterable<JobEvent>): Promise<string[]> {
  const all: string[] = []
  for await (const event of events) all.push(`${event.id} ${event.type === 'job' ? event.job.status : event.index}`)
  return all
}

const errorOf = (events: AsyncIterable<JobEvent>): Promise<unknown> => collect(events).then(() => 'nothing', (error: unknown) => error)

const running = answer(200, job('in_progress'))
const completed = answer(200, job('completed'))
const end = event('2.c', 'job', job('completed'))

t.test('by a stream, where that gets through', async t => {
  const { events, ways, paths } = await setup(t, [stream(chunk(0), chunk(1), end)])
  t.same(await collect(events), ['1. 0', '2. 1', '2.c completed'])
  t.same(ways, ['sse'])
  t.same(paths(), ['/events'])
})

t.test('by long polls, where it does not', async t => {
  const { events, ways, paths } = await setup(t, [html(406), running, completed, stream(chunk(0), chunk(1), end)])
  t.same(await collect(events), ['0. in_progress', '1. 0', '2. 1', '2.c completed'])
  t.same(ways, ['sse', 'long-poll'])
  t.same(paths(), ['/events', '/status', '/status?wait=20', '/events'])
})

t.test('a stream that stops on its way is continued by other means', async t => {
  skipDelays(t)
  const { reaction, arrived } = silence()
  const { events, ways, seen } = await setup(t, [stream(event('0.r', 'job', job('in_progress')), chunk(0)), reaction, completed, stream(chunk(0), chunk(1), end)])
  const all = collect(events)
  await arrived
  timeIsOver(FIRST_BYTE)
  t.same(await all, ['0.r in_progress', '1. 0', '2. 1', '2.c completed'])
  t.same(ways, ['sse', 'long-poll'])
  t.equal(seen.at(-1)?.headers['last-event-id'], '1.')
})

t.test('what fails too often gives way to the next', async t => {
  skipDelays(t)
  const { events, ways, paths } = await setup(t, [reset, html(502), html(504), html(504), html(504), running, completed, reset, stream(chunk(0), end)], { retry: { attempts: 2 } })
  t.same(await collect(events), ['0. in_progress', '1. 0', '2.c completed'])
  t.same(ways, ['sse', 'long-poll', 'poll'])
  t.same(paths(), ['/events', '/events', '/status', '/status', '/status', '/status', '/status', '/events', '/events'])
})

t.test('a long poll fails at most three times', async t => {
  skipDelays(t)
  const { events, paths } = await setup(t, [html(405), running, html(504), html(504), html(504), completed, html(405)])
  t.same(await collect(events), ['0. in_progress', '0. completed'])
  t.same(paths(), ['/events', '/status', '/status?wait=20', '/status?wait=20', '/status?wait=20', '/status', '/events'])
})

t.test('the last way fails with what happened there', async t => {
  skipDelays(t)
  const { events, ways } = await setup(t, [], { retry: { attempts: 2 } })
  t.match(await errorOf(events), { name: 'NetworkError', message: /status\/the-job got no whole answer/, jobId: 'the-job' })
  t.same(ways, ['sse', 'long-poll', 'poll'])
})

t.test('what another way would not change is thrown at once', async t => {
  const own = new Error('my own')
  for (const [reactions, options, error] of [
    [[answer(404, problem(404, 'JOB_NOT_FOUND'))], {}, { name: 'JobNotFoundError' }],
    [[html(401)], {}, { name: 'RequestFailedError', status: 401 }],
    [[], { headers: () => { throw own } }, own]
  ] as Array<[Reaction[], JobsClientOptions, object]>) {
    const { events, ways, seen } = await setup(t, reactions, options)
    t.match(await errorOf(events), error)
    t.same(ways, ['sse'])
    t.equal(seen.length, reactions.length)
  }
})

t.test('a 404 that is not of the API leaves it to the status', async t => {
  const { events } = await setup(t, [html(404), html(404)])
  t.match(await errorOf(events), { name: 'JobNotFoundError' })
})

t.test('the one way that is asked for', async t => {
  const paths = { sse: '/events', 'long-poll': '/status', poll: '/status' }
  for (const transport of ['sse', 'long-poll', 'poll'] as const) {
    const { events, ways, paths: asked } = await setup(t, [html(405)], { transport })
    t.match(await errorOf(events), transport === 'sse' ? { name: 'NetworkError' } : { name: 'RequestFailedError', status: 405 })
    t.same(ways, [transport])
    t.same(asked(), [paths[transport]])
  }
  skipDelays(t)
  const { events, seen } = await setup(t, [html(504), html(504), html(504), html(504), completed, html(405)], { transport: 'long-poll' })
  t.same(await collect(events), ['0. completed'])
  t.equal(seen.length, 6, 'and it is tried as often as any other')
})

t.test('one of many never keeps a connection', async t => {
  const { events, ways, paths } = await setup(t, [running, completed, stream(chunk(0), end)], {}, { oneOfMany: true })
  t.same(await collect(events), ['0. in_progress', '1. 0', '2.c completed'])
  t.same(ways, ['poll'])
  t.same(paths(), ['/status', '/status', '/events'])
})

t.test('the rest of the output is worth as much as all else', async t => {
  await t.test('its request is repeated', async t => {
    skipDelays(t)
    const { events } = await setup(t, [completed, html(503), reset, stream(chunk(0)), stream(chunk(1), end)], { transport: 'poll' })
    t.same(await collect(events), ['1. 0', '2. 1', '2.c completed'])
  })

  await t.test('where it cannot be had, that is an error', async t => {
    skipDelays(t)
    const { events } = await setup(t, [completed], { transport: 'poll', retry: { attempts: 2 } })
    t.match(await errorOf(events), { name: 'NetworkError', job: { status: 'completed' } })
  })

  await t.test('where nobody wants it, it is not asked for', async t => {
    const { events, paths } = await setup(t, [completed], { transport: 'poll' }, { withOutput: false })
    t.same(await collect(events), ['0. completed'])
    t.same(paths(), ['/status'])
  })

  await t.test('where all was told, the end has the id of that', async t => {
    const { events } = await setup(t, [completed, response => { response.writeHead(204).end() }], { transport: 'poll' }, { after: '2.c' })
    t.same(await collect(events), ['2.c completed'])
  })
})

t.test('a job that is known to be final is not asked for', async t => {
  const { events, seen, ways } = await setup(t, [], {}, { job: job('failed'), withOutput: false })
  t.same(await collect(events), ['0. failed'])
  t.same([seen, ways], [[], []])
})

t.test('a plain poll is never earlier than the server asked for', async t => {
  const delays = skipDelays(t)
  const now = Date.now()
  t.intercept(Date, 'now', { value: () => now })
  const { events, known } = await setup(t, [answer(200, job('pending', { pollAfterMs: 250 })), answer(200, job('in_progress', { pollAfterMs: 1_500 }), { 'retry-after': '15' }), completed], { transport: 'poll' }, { withOutput: false })
  known.askAt = now + 1_000
  await collect(events)
  t.same(delays, [1_000, 250, 15_000])
})

t.test('a long poll waits for nothing but a server that does not wait', async t => {
  const delays = skipDelays(t)
  let now = Date.now()
  t.intercept(Date, 'now', { value: () => now })
  const waited: Reaction = (response, request) => {
    now += 20_000
    answer(200, job('in_progress', { pollAfterMs: 1_500 }))(response, request)
  }
  const { events, known } = await setup(t, [running, waited, answer(200, job('in_progress', { pollAfterMs: 1_500 })), completed], { transport: 'long-poll' }, { withOutput: false })
  known.askAt = now + 1_000
  await collect(events)
  t.same(delays, [1_500])
})

t.test('429 on a stream costs no output', async t => {
  const limited = answer(429, { statusCode: 429, message: 'Rate limit exceeded' }, { 'retry-after': '2' })
  const full = answer(429, problem(429, 'TOO_MANY_CONNECTIONS'), { 'retry-after': '1' })
  const all = stream(chunk(0), chunk(1), end)
  const cases: Record<string, [reactions: Reaction[], options: JobsClientOptions, events: string[], ways: Transport[]]> = {
    'of a rate limit': [[limited, all], {}, ['1. 0', '2. 1', '2.c completed'], ['sse']],
    'of a rate limit, where only streams are allowed': [[limited, all], { transport: 'sse' }, ['1. 0', '2. 1', '2.c completed'], ['sse']],
    'of a rate limit, in the end': [[running, completed, limited, limited, all], { transport: 'poll' }, ['0. in_progress', '1. 0', '2. 1', '2.c completed'], ['poll']],
    'of the limit of connections': [[full, running, full, full, full, completed, full, all], {}, ['0. in_progress', '1. 0', '2. 1', '2.c completed'], ['sse', 'long-poll', 'poll']],
    'of the limit of connections, where only streams are allowed': [[full, all], { transport: 'sse' }, ['1. 0', '2. 1', '2.c completed'], ['sse']]
  }
  for (const [name, [reactions, options, told, by]] of Object.entries(cases)) {
    skipDelays(t)
    const { events, ways, seen } = await setup(t, reactions, options)
    t.same(await collect(events), told, name)
    t.same(ways, by)
    t.equal(seen.length, reactions.length)
  }
})

t.test('where no answer can be read while it comes', async t => {
  const { prototype } = Response
  const body = Object.getOwnPropertyDescriptor(prototype, 'body') as PropertyDescriptor
  delete (prototype as { body?: unknown }).body
  t.teardown(() => { Object.defineProperty(prototype, 'body', body) })
  const answers = [running, completed, stream(chunk(0), chunk(1), end)]
  const first = await setup(t, answers)
  t.same(await collect(first.events), ['0. in_progress', '1. 0', '2. 1', '2.c completed'])
  t.same(first.ways, ['long-poll'], 'a stream is not even tried')

  const own = await setup(t, [stream(chunk(0), end), ...answers], { fetch: (url, init) => fetch(url, init) })
  t.same(await collect(own.events), ['0. in_progress', '1. 0', '2. 1', '2.c completed'])
  t.same(own.ways, ['sse', 'long-poll'], 'a fetch of the caller\'s own may do better')

  for (const [transport, oneOfMany, way] of [['sse', false, 'sse'], ['poll', false, 'poll'], ['auto', true, 'poll']] as const) {
    const { events, ways } = await setup(t, [completed, stream(end)], { transport }, { oneOfMany })
    await collect(events).catch(() => {})
    t.same(ways, [way])
  }
})

t.test('an abort ends any of them', async t => {
  for (const transport of ['sse', 'long-poll', 'poll'] as const) {
    const { reaction, arrived, gone } = silence()
    const { events, controller, seen } = await setup(t, [reaction], { transport })
    const error = errorOf(events)
    await arrived
    controller.abort('enough')
    t.equal(await error, 'enough')
    await gone
    t.equal(seen.length, 1)
  }
})
