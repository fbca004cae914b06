import t from 'tap'
import { followByPolling, viewOf } from '../../lib/client/poll.js'
import type { Known } from '../../lib/client/known.js'
import type { Job, JobEvent } from '../../types/job.js'
import { skipDelays } from './delays.js'
import { job } from './faulty-server.js'

const { signal } = new AbortController()
const start = { id: undefined, index: 0 }

t.test('each look that finds a change is an event, and the final one the last', async t => {
  const look = looks(job('pending'), job('pending', { pollAfterMs: 7 }), job('in_progress'), job('completed'))
  t.same(await collect(followByPolling({ jobId: 'the-job', askAt: 0 }, start, look, signal)), [
    { type: 'job', id: '0.', job: job('pending') },
    { type: 'job', id: '0.', job: job('in_progress') },
    { type: 'job', id: '0.', job: job('completed') }
  ])
})

t.test('events have the id of the position', async t => {
  t.match(await collect(followByPolling({ askAt: 0 }, { id: '5.abc', index: 5 }, looks(job('failed')), signal)), [{ id: '5.abc' }])
})

t.test('before each look passes the time that the server asked for', async t => {
  const delays = skipDelays(t)
  const now = Date.now()
  t.intercept(Date, 'now', { value: () => now })
  const known: Known = { jobId: 'the-job', askAt: now + 123 }
  const look = looks(job('in_progress'), job('completed'))
  await collect(followByPolling(known, start, async () => { known.askAt = now + 456; return look() }, signal))
  t.same(delays, [123, 456])
})

t.test('an abort ends the wait between two looks', async t => {
  const controller = new AbortController()
  const next = followByPolling({ jobId: 'the-job', askAt: Date.now() + 600_000 }, start, looks(), controller.signal).next()
  controller.abort('enough')
  t.equal(await next.catch((error: unknown) => error), 'enough')
})

t.test('a view differs where the job does', async t => {
  t.equal(viewOf(job('pending', { pollAfterMs: 1 })), viewOf(job('pending', { pollAfterMs: 2 })))
  t.not(viewOf(job('pending')), viewOf(job('pending', { progress: 1 })))
})

/** Shows one after the other; a look too many fails. */
function looks (...jobs: Job[]): () => Promise<Job> {
  return async () => {
    const next = jobs.shift()
    if (next === undefined) throw new Error('a look too many')
    return next
  }
}

async function collect (events: AsyncIterable<JobEvent>): Promise<JobEvent[]> {
  const all: JobEvent[] = []
  for await (const event of events) all.push(event)
  return all
}
