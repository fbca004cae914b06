import t from 'tap'
import { isFinal, learn, type Known } from '../../lib/client/known.js'
import { job } from './faulty-server.js'

t.test('a job is remembered', async t => {
  const known: Known = { askAt: 0 }
  const body = job('pending')
  t.equal(learn(known, { status: 202, body, retryAfter: 0 }), body)
  t.match(known, { jobId: 'the-job', job: body })
})

t.test('what is no job is an error that carries what was known', async t => {
  const known: Known = { jobId: 'the-job', job: job('pending'), askAt: 0 }
  for (const body of [null, 'a job', 42, [], {}, { jobId: 'the-job' }, { status: 'pending' }]) {
    t.throws(() => learn(known, { status: 200, body, retryAfter: 0 }), { name: 'RequestFailedError', status: 200, jobId: 'the-job', job: known.job })
  }
})

t.test('when to ask again', async t => {
  const now = 1_000_000
  t.intercept(Date, 'now', { value: () => now })
  const waits: Array<[pollAfterMs: number | undefined, retryAfter: number, wait: number]> = [
    [250, 0, 250],
    [250, 1_000, 250],
    [1_000, 1_000, 1_000],
    [1_234, 2_000, 1_234],
    [250, 2_000, 2_000],
    [1_234, 60_000, 60_000],
    [10_000, 1_000, 10_000],
    [undefined, 0, 1_000]
  ]
  for (const [pollAfterMs, retryAfter, wait] of waits) {
    const known: Known = { askAt: 0 }
    learn(known, { status: 200, body: job('pending', { pollAfterMs }), retryAfter })
    t.equal(known.askAt - now, wait, `${pollAfterMs} ms, Retry-After ${retryAfter} ms`)
  }
})

t.test('three states are final', async t => {
  const states = ['pending', 'in_progress', 'completed', 'failed', 'canceled'] as const
  t.same(states.filter(status => isFinal(job(status))), ['completed', 'failed', 'canceled'])
})
