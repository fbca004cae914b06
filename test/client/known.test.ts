import t from 'tap'
import { isFinal, learn, viewOf, type Known } from '../../lib/client/known.js'
import type { JobStatus } from '../../types/job.js'
import { job } from './faulty-server.js'

t.test('a job is remembered', async t => {
  const known: Known = { askAt: 0 }
  const body = job('pending')
  t.equal(learn(known, { status: 202, body }), body)
  t.match(known, { jobId: 'the-job', job: body })
})

t.test('what is no job is an error that carries what was known', async t => {
  const known: Known = { jobId: 'the-job', job: job('pending'), askAt: 0 }
  for (const body of [null, 'a job', 42, [], {}, { jobId: 'the-job' }, { status: 'pending' }]) {
    t.throws(() => learn(known, { status: 200, body }), { name: 'RequestFailedError', status: 200, body, jobId: 'the-job', job: known.job })
  }
})

t.test('when to ask again', async t => {
  const now = 1_000_000
  t.intercept(Date, 'now', { value: () => now })
  const waits: Array<[pollAfterMs: unknown, retryAfter: number, wait: number]> = [
    [250, 0, 250],
    [250, 1_000, 250],
    [1_000, 1_000, 1_000],
    [1_234, 2_000, 1_234],
    [250, 2_000, 2_000],
    [1_234, 60_000, 60_000],
    [10_000, 1_000, 10_000],
    [undefined, 0, 1_000],
    // At most four times a second, at least once a minute; nonsense is the default.
    [0, 0, 250],
    [-5, 0, 250],
    [1, 1_000, 250],
    [60_001, 0, 60_000],
    [3_600_000, 3_600_000, 60_000],
    [Infinity, 0, 60_000],
    [3_600_000, 3_601_000, 3_601_000],
    [null, 0, 1_000],
    ['1000', 0, 1_000],
    ['soon', 0, 1_000],
    [{}, 0, 1_000],
    ['5', 2_000, 2_000]
  ]
  for (const [pollAfterMs, retryAfter, wait] of waits) {
    const known: Known = { askAt: 0 }
    learn(known, { status: 200, body: { ...job('pending'), pollAfterMs }, retryAfter })
    t.equal(known.askAt - now, wait, `${JSON.stringify(pollAfterMs)} ms, Retry-After ${retryAfter} ms`)
  }
})

t.test('three states are final, and none that this client does not know', async t => {
  const states = ['pending', 'in_progress', 'completed', 'failed', 'canceled', 'input_required', 'COMPLETED', ''] as JobStatus[]
  t.same(states.filter(status => isFinal(job(status))), ['completed', 'failed', 'canceled'])
})

t.test('a view differs where the job does', async t => {
  t.equal(viewOf(job('pending', { pollAfterMs: 1 })), viewOf(job('pending', { pollAfterMs: 2 })))
  t.not(viewOf(job('pending')), viewOf(job('pending', { progress: 1 })))
})
