import t from 'tap'
import { poll } from '../../lib/client/poll.js'
import type { Known } from '../../lib/client/known.js'
import type { Job } from '../../types/job.js'
import { skipDelays } from './delays.js'
import { job } from './faulty-server.js'

const { signal } = new AbortController()

t.test('a job picked up by its id is looked at without delay', async t => {
  const delays = skipDelays(t)
  const jobs = await collect(poll({ jobId: 'the-job', askAt: 0 }, looks(job('completed')), signal))
  t.same(jobs, [job('completed')])
  t.same(delays, [])
})

t.test('a known job comes first; then it waits until it makes sense to ask', async t => {
  const delays = skipDelays(t)
  const now = Date.now()
  t.intercept(Date, 'now', { value: () => now })
  const known: Known = { jobId: 'the-job', job: job('pending'), askAt: now + 123 }
  const look = looks(job('in_progress'), job('completed'))
  const jobs = await collect(poll(known, async () => { known.askAt = now + 456; return look() }, signal))
  t.same(jobs.map(({ status }) => status), ['pending', 'in_progress', 'completed'])
  t.same(delays, [123, 456])
})

t.test('a final job is not looked at again', async t => {
  const known: Known = { jobId: 'the-job', job: job('failed'), askAt: 0 }
  t.same(await collect(poll(known, looks(), signal)), [job('failed')])
})

t.test('two at a time see the same end each', async t => {
  skipDelays(t)
  const known: Known = { jobId: 'the-job', job: job('pending'), askAt: 0 }
  const look = async (): Promise<Job> => { known.job = job('completed'); return known.job }
  const both = await Promise.all([collect(poll(known, look, signal)), collect(poll(known, look, signal))])
  for (const jobs of both) t.same(jobs.map(({ status }) => status), ['pending', 'completed'])
})

t.test('an abort ends the wait between two looks', async t => {
  const controller = new AbortController()
  const jobs = poll({ jobId: 'the-job', job: job('pending'), askAt: Date.now() + 600_000 }, looks(), controller.signal)
  await jobs.next()
  const next = jobs.next()
  controller.abort('enough')
  t.equal(await next.catch((error: unknown) => error), 'enough')
})

/** Shows one after the other; a look too many fails. */
function looks (...jobs: Job[]): () => Promise<Job> {
  return async () => {
    const next = jobs.shift()
    if (next === undefined) throw new Error('a look too many')
    return next
  }
}

async function collect (jobs: AsyncIterable<Job>): Promise<Job[]> {
  const all: Job[] = []
  for await (const one of jobs) all.push(one)
  return all
}
