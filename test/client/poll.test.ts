import t, { type Test } from 'tap'
import { followByPolling } from '../../lib/client/poll.js'
import { RequestFailedError } from '../../lib/client/index.js'
import type { Known } from '../../lib/client/known.js'
import type { Exchange, Http } from '../../lib/client/request.js'
import type { Job, JobEvent } from '../../types/job.js'
import { skipDelays } from './delays.js'
import { job } from './faulty-server.js'

/** What a server answers one look; 304: nothing has changed. */
interface Look {
  job?: Job
  etag?: string
  /** How long it took for that, in ms. */
  took?: number
}

const url = 'https://example.com/status/the-job'
const start = { id: undefined, index: 0 }

/** Follows a job whose server answers so, one look after the other. A look too many fails. Time is that of the looks and the delays. */
function setup (t: Test, looks: Look[], { wait = false, position = start, known = { jobId: 'the-job', askAt: 0 } as Known, signal = new AbortController().signal } = {}) {
  let now = 1_000_000
  t.intercept(Date, 'now', { value: () => now })
  const delays = skipDelays(t)
  const asked: Exchange[] = []
  const http: Pick<Http, 'request'> = {
    async request (exchange) {
      asked.push(exchange)
      const look = looks.shift()
      if (look === undefined) throw new Error('a look too many')
      now += look.took ?? 0
      if (look.job === undefined) throw new RequestFailedError('', { status: 304 })
      return { status: 200, body: look.job, retryAfter: 0, etag: look.etag ?? null }
    }
  }
  known.askAt += known.askAt > 0 ? now : 0
  const events = followByPolling(http as Http, { method: 'GET', url, known, signal, timeout: 30_000 }, wait, position)
  return { events, delays, asked: () => asked.map(({ url: to, headers, timeout }) => [to.replace(url, ''), headers?.['if-none-match'], timeout]) }
}

async function collect (events: AsyncIterable<JobEvent>): Promise<JobEvent[]> {
  const all: JobEvent[] = []
  for await (const event of events) all.push(event)
  return all
}

t.test('each look that finds a change is an event, and the final one the last', async t => {
  const looks = [job('pending'), job('pending', { pollAfterMs: 7 }), job('in_progress'), job('completed')].map(job => ({ job }))
  const { events, asked } = setup(t, looks)
  t.same(await collect(events), [
    { type: 'job', id: '0.', job: job('pending') },
    { type: 'job', id: '0.', job: job('in_progress') },
    { type: 'job', id: '0.', job: job('completed') }
  ])
  t.same(asked(), Array.from({ length: 4 }, () => ['', undefined, 30_000]))
})

t.test('a status that this client does not know is one on the way', async t => {
  const { events } = setup(t, [{ job: job('input_required' as 'pending') }, { job: job('completed') }])
  t.match(await collect(events), [{ job: { status: 'input_required' } }, { job: { status: 'completed' } }])
})

t.test('events have the id of the position', async t => {
  t.match(await collect(setup(t, [{ job: job('failed') }], { position: { id: '5.abc', index: 5 } as unknown as typeof start }).events), [{ id: '5.abc' }])
})

t.test('before each look passes the time that the server asked for', async t => {
  const { events, delays } = setup(t, [{ job: job('in_progress', { pollAfterMs: 456 }) }, { job: job('completed') }], { known: { jobId: 'the-job', askAt: 123 } })
  await collect(events)
  t.same(delays, [123, 456])
})

t.test('an abort ends the wait between two looks', async t => {
  const controller = new AbortController()
  const next = followByPolling({} as Http, { method: 'GET', url, known: { jobId: 'the-job', askAt: Date.now() + 600_000 }, signal: controller.signal, timeout: 1 }, false, start).next()
  controller.abort('enough')
  t.equal(await next.catch((error: unknown) => error), 'enough')
})

t.test('a server that waits', async t => {
  await t.test('is asked for the next change of what was seen, at most four times a second', async t => {
    const { events, delays, asked } = setup(t, [
      { job: job('in_progress', { progress: 1 }), etag: '"1"' },
      { job: job('in_progress', { progress: 2 }), etag: '"2"', took: 5_000 },
      { job: job('in_progress', { progress: 3 }), etag: 'W/"3"', took: 50 },
      { took: 20_000 },
      { job: job('completed'), etag: '"4"', took: 100 }
    ], { wait: true, known: { jobId: 'the-job', askAt: 60_000 } })
    t.match(await collect(events), [{ job: { progress: 1 } }, { job: { progress: 2 } }, { job: { progress: 3 } }, { job: { status: 'completed' } }])
    t.same(asked(), [
      ['', undefined, 30_000],
      ['?wait=20', '"1"', 50_000],
      ['?wait=20', '"2"', 50_000],
      ['?wait=20', 'W/"3"', 50_000],
      ['?wait=20', 'W/"3"', 50_000]
    ])
    t.same(delays, [200], 'only after the change that came after 50 ms')
  })

  await t.test('and tells no ETag is asked for the end', async t => {
    const { events, delays, asked } = setup(t, [
      { job: job('in_progress', { pollAfterMs: 1_500 }) },
      { job: job('in_progress', { pollAfterMs: 1_500, progress: 50 }), took: 20_000 },
      { job: job('completed'), took: 10 }
    ], { wait: true })
    await collect(events)
    t.same(asked(), [['', undefined, 30_000], ['?wait=20', undefined, 50_000], ['?wait=20', undefined, 50_000]])
    t.same(delays, [])
  })

  await t.test('and does not is asked as often as it allows', async t => {
    const running = (progress: number) => job('in_progress', { pollAfterMs: 1_500, progress })
    const { events, delays } = setup(t, [{ job: running(0) }, { job: running(0) }, { job: running(1) }, { job: job('completed') }], { wait: true })
    await collect(events)
    t.same(delays, [1_500, 1_500])
    const second = setup(t, [{ job: running(0), etag: '"0"' }, {}, {}, { job: job('completed'), etag: '"1"' }], { wait: true })
    t.equal((await collect(second.events)).length, 2)
    t.same(second.delays, [1_500, 1_500], 'also where it says at once that nothing has changed')
  })

  await t.test('and says that nothing has changed since nothing was seen', async t => {
    await t.rejects(collect(setup(t, [{}], { wait: true }).events), { name: 'RequestFailedError', message: /no job/, status: 304 })
  })
})
