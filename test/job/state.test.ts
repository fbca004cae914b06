import t from 'tap'
import type { Job } from '../../types/job.js'
import { BY_CANCEL } from '../../lib/job/ending.js'
import { JobError } from '../../lib/base/errors.js'
import { toFailedReason } from '../../lib/job/failure.js'
import { clampPercent, expiresAt, isFinal, LIFE, startDeadline, toJob } from '../../lib/job/state.js'
import type { StoredJob, StoredState } from '../../lib/job/stored-job.js'

const CREATED = Date.parse('2026-01-01T00:00:00.000Z')
const SECOND = 1_000
const after = (seconds: number): number => CREATED + seconds * SECOND

const links = { status: '/jobs/status/id', result: '/jobs/result/id', cancel: '/jobs/cancel/id', events: '/jobs/events/id' }
const pollAfter = { min: 1_000, max: 10_000 }
const opts = { attempts: 3, removeOnComplete: { age: 60 }, removeOnFail: { age: 3_600 } }

const first: StoredJob = { state: 'waiting', timestamp: CREATED, attemptsMade: 0, opts, progress: 0, logs: 0, readAt: CREATED }

/** The Job that a client sees 20 s after the job was submitted. */
const view = (stored: Partial<StoredJob>, now = after(20)): Job => toJob('id', { ...first, ...stored }, { now, links, pollAfter })

const common = { jobId: 'id', progress: 0, attempt: 0, maxAttempts: 3, cancelRequested: false, createdAt: '2026-01-01T00:00:00.000Z', links }

t.test('every state, as a client sees it', async t => {
  const retrying = { attemptsMade: 1, processedOn: after(1), failedReason: 'connect ECONNREFUSED', progress: 40 }
  const cases: Array<[name: string, stored: Partial<StoredJob>, job: Partial<Job>]> = [
    ['waits for the first time', {}, { status: 'pending', pollAfterMs: 2_000 }],
    ['was submitted with a delay', { state: 'delayed', delayedUntil: after(60) }, { status: 'pending', nextAttemptAt: '2026-01-01T00:01:00.000Z', pollAfterMs: 2_000 }],
    ['runs for the first time', { state: 'active', processedOn: after(1), progress: { percent: 40, message: 'tokenising' } }, {
      status: 'in_progress', progress: 40, message: 'tokenising', attempt: 1, startedAt: '2026-01-01T00:00:01.000Z', pollAfterMs: 2_000
    }],
    ['waits for a retry', { state: 'delayed', ...retrying, delayedUntil: after(30) }, {
      status: 'pending', progress: 40, attempt: 1, startedAt: '2026-01-01T00:00:01.000Z', nextAttemptAt: '2026-01-01T00:00:30.000Z', pollAfterMs: 2_000
    }],
    ['waits for a retry without a delay', { state: 'waiting', ...retrying }, {
      status: 'pending', progress: 40, attempt: 1, startedAt: '2026-01-01T00:00:01.000Z', pollAfterMs: 2_000
    }],
    ['runs for the second time', { state: 'active', ...retrying, processedOn: after(5) }, {
      status: 'in_progress', progress: 40, attempt: 2, startedAt: '2026-01-01T00:00:05.000Z', pollAfterMs: 2_000
    }],
    ['lost its worker in the first attempt', { state: 'waiting', processedOn: after(1), progress: 40 }, {
      status: 'pending', progress: 40, attempt: 1, startedAt: '2026-01-01T00:00:01.000Z', pollAfterMs: 2_000
    }],
    ['runs again after it lost its worker', { state: 'active', processedOn: after(9) }, {
      status: 'in_progress', attempt: 1, startedAt: '2026-01-01T00:00:09.000Z', pollAfterMs: 2_000
    }],
    ['completed', { state: 'completed', attemptsMade: 1, processedOn: after(1), finishedOn: after(2), progress: { percent: 90, message: 'nearly' }, output: { text: '{"secret":1}', checked: true } }, {
      status: 'completed', progress: 100, message: 'nearly', attempt: 1, startedAt: '2026-01-01T00:00:01.000Z', finishedAt: '2026-01-01T00:00:02.000Z', expiresAt: '2026-01-01T00:01:02.000Z'
    }],
    ['completed after a failed attempt', { state: 'completed', ...retrying, attemptsMade: 2, finishedOn: after(2) }, {
      status: 'completed', progress: 100, attempt: 2, startedAt: '2026-01-01T00:00:01.000Z', finishedAt: '2026-01-01T00:00:02.000Z', expiresAt: '2026-01-01T00:01:02.000Z'
    }],
    ['failed with any error', { state: 'failed', ...retrying, attemptsMade: 3, finishedOn: after(2) }, {
      status: 'failed',
      progress: 40,
      attempt: 3,
      startedAt: '2026-01-01T00:00:01.000Z',
      finishedAt: '2026-01-01T00:00:02.000Z',
      expiresAt: '2026-01-01T01:00:02.000Z',
      error: { code: 'PROCESSOR_ERROR', message: 'The job failed for an internal reason.' }
    }],
    ['failed with a JobError', { state: 'failed', attemptsMade: 1, processedOn: after(1), finishedOn: after(2), failedReason: toFailedReason(new JobError('TOO_LONG', 'Too long', { data: { limit: 5 }, status: 422 })) }, {
      status: 'failed',
      attempt: 1,
      startedAt: '2026-01-01T00:00:01.000Z',
      finishedAt: '2026-01-01T00:00:02.000Z',
      expiresAt: '2026-01-01T01:00:02.000Z',
      error: { code: 'TOO_LONG', message: 'Too long', data: { limit: 5 } }
    }],
    ['lost its worker too often', { state: 'failed', processedOn: after(1), finishedOn: after(2), failedReason: 'job stalled more than allowable limit' }, {
      status: 'failed',
      attempt: 1,
      startedAt: '2026-01-01T00:00:01.000Z',
      finishedAt: '2026-01-01T00:00:02.000Z',
      expiresAt: '2026-01-01T01:00:02.000Z',
      error: { code: 'STALLED', message: 'The worker that ran the job died, more often than is allowed.' }
    }],
    ['canceled before it ran', { state: 'failed', finishedOn: after(2), failedReason: BY_CANCEL.pending }, {
      status: 'canceled', finishedAt: '2026-01-01T00:00:02.000Z', expiresAt: '2026-01-01T01:00:02.000Z'
    }],
    ['canceled while it ran', { state: 'failed', processedOn: after(1), finishedOn: after(2), failedReason: BY_CANCEL.running as string }, {
      status: 'canceled', attempt: 1, cancelRequested: true, startedAt: '2026-01-01T00:00:01.000Z', finishedAt: '2026-01-01T00:00:02.000Z', expiresAt: '2026-01-01T01:00:02.000Z'
    }],
    ['failed, and nobody said why', { state: 'failed', attemptsMade: 1, finishedOn: after(2) }, {
      status: 'failed',
      attempt: 1,
      finishedAt: '2026-01-01T00:00:02.000Z',
      expiresAt: '2026-01-01T01:00:02.000Z',
      error: { code: 'PROCESSOR_ERROR', message: 'The job failed for an internal reason.' }
    }]
  ]
  for (const [name, stored, job] of cases) t.strictSame(view(stored), { ...common, ...job }, name)
  t.strictSame(new Set(cases.map(([, { state = first.state }]) => state)), new Set(Object.keys(LIFE)), 'no state is missing')
})

t.test('jobs that others have stored', async t => {
  t.test('without attempts, or with odd ones', async t => {
    t.equal(view({ opts: {} }).maxAttempts, 1)
    t.equal(view({ opts: { attempts: 0 } }).maxAttempts, 1)
    t.equal(view({ opts: { attempts: 7 } }).maxAttempts, 7)
  })

  t.test('progress', async t => {
    const cases: Array<[stored: unknown, progress: number, message?: string]> = [
      [0, 0], [40, 40], [33.3, 33.3], [100, 100], [101, 100], [-1, 0], [NaN, 0], [Infinity, 0], [-Infinity, 0],
      ['50', 0], ['', 0], [true, 0], [null, 0], [undefined, 0], [[50], 0], [{}, 0],
      [{ percent: 40 }, 40],
      [{ percent: 400, message: '' }, 100, ''],
      [{ percent: '40', message: 'half' }, 0, 'half'],
      [{ message: 'no percent' }, 0, 'no percent'],
      [{ percent: 40, message: 5 }, 40],
      [{ percent: 40, message: null }, 40],
      [{ done: 4, of: 10, secret: 'x' }, 0]
    ]
    for (const [stored, progress, message] of cases) {
      const job = { ...common, status: 'in_progress', attempt: 1, progress, ...(message !== undefined && { message }), pollAfterMs: 2_000 }
      t.strictSame(view({ state: 'active', progress: stored }), job, JSON.stringify(stored))
    }
  })

  t.test('retention', async t => {
    const completed = { state: 'completed', finishedOn: after(2) } as const
    const cases: Array<[stored: Partial<StoredJob>, expiry: string | undefined]> = [
      [{ ...completed, opts: { removeOnComplete: { age: 60 }, removeOnFail: { age: 1 } } }, '2026-01-01T00:01:02.000Z'],
      [{ ...completed, opts: { removeOnComplete: { age: 60, count: 5 } } }, '2026-01-01T00:01:02.000Z'],
      [{ ...completed, opts: { removeOnComplete: { age: 0 } } }, '2026-01-01T00:00:02.000Z'],
      [{ ...completed, opts: { removeOnComplete: { age: 0.5 } } }, '2026-01-01T00:00:02.500Z'],
      [{ ...completed, opts: { removeOnComplete: { count: 5 } } }, undefined],
      [{ ...completed, opts: { removeOnComplete: { age: '60' } } }, undefined],
      [{ ...completed, opts: { removeOnComplete: true } }, undefined],
      [{ ...completed, opts: { removeOnComplete: false } }, undefined],
      [{ ...completed, opts: { removeOnComplete: 1_000 } }, undefined],
      [{ ...completed, opts: { removeOnComplete: null } }, undefined],
      [{ ...completed, opts: {} }, undefined],
      [{ ...completed, opts: { removeOnComplete: { age: 1e300 } } }, '+275760-09-13T00:00:00.000Z'],
      [{ state: 'failed', finishedOn: after(2), opts: { removeOnComplete: { age: 1 }, removeOnFail: { age: 60 } } }, '2026-01-01T00:01:02.000Z'],
      [{ state: 'failed', finishedOn: after(2), opts: { removeOnComplete: { age: 1 } } }, undefined],
      [{ state: 'active', opts }, undefined]
    ]
    for (const [stored, expiry] of cases) t.equal(view(stored).expiresAt, expiry, JSON.stringify(stored))
  })

  t.test('a delay that no date can hold', async t => {
    t.equal(view({ state: 'delayed', delayedUntil: 1e300 }).nextAttemptAt, '+275760-09-13T00:00:00.000Z')
  })
})

t.test('when a job expires, as a number', async t => {
  t.equal(expiresAt(first), undefined, 'not before it is final')
  t.equal(expiresAt({ ...first, state: 'completed', finishedOn: CREATED }), after(60))
  t.equal(expiresAt({ ...first, state: 'failed', finishedOn: CREATED }), after(3_600))
})

t.test('by when a job must have begun', async t => {
  const cases: Array<[stored: Partial<StoredJob>, deadline: number | undefined]> = [
    [{}, undefined],
    [{ opts: { startBy: 5 } }, after(5)],
    [{ opts: { startBy: 5, delay: 60_000 } }, after(65)],
    [{ opts: { startBy: 5 }, processedOn: after(1) }, undefined],
    [{ opts: { startBy: 5 }, finishedOn: after(1) }, undefined]
  ]
  for (const [stored, deadline] of cases) t.equal(startDeadline({ ...first, ...stored }), deadline, JSON.stringify(stored))
})

t.test('a client polls after a tenth of the job\'s age, within bounds', async t => {
  const cases: Array<[age: number, delay: number]> = [
    [-5_000, 1_000], [0, 1_000], [10_000, 1_000], [10_004, 1_000], [10_005, 1_001], [25_000, 2_500], [100_000, 10_000], [1e9, 10_000]
  ]
  for (const [age, delay] of cases) t.equal(view({}, CREATED + age).pollAfterMs, delay, `${age} ms`)
  t.strictSame(toJob('id', first, { now: CREATED, links, pollAfter: { min: 5, max: 5 } }).pollAfterMs, 5)
})

t.test('only fields that apply are there', async t => {
  t.strictSame(Object.keys(view({})), ['jobId', 'status', 'progress', 'attempt', 'maxAttempts', 'cancelRequested', 'createdAt', 'pollAfterMs', 'links'])
  t.strictSame(JSON.parse(JSON.stringify(view({}))), view({}), 'none is undefined')
})

t.test('percentages', async t => {
  const cases: Array<[value: unknown, percent: number]> = [[0, 0], [12.5, 12.5], [100, 100], [100.1, 100], [-0.1, 0], [NaN, 0], [Infinity, 0], ['5', 0], [5n, 0], [undefined, 0]]
  for (const [value, percent] of cases) t.equal(clampPercent(value), percent, String(value))
})

t.test('the life of a job', async t => {
  const states = Object.keys(LIFE) as StoredState[]
  const reached = new Set<StoredState>(['waiting'])
  for (const state of reached) for (const next of LIFE[state].next) reached.add(next)
  t.strictSame([...reached].sort(), [...states].sort(), 'every state is reached from waiting')
  for (const state of states) {
    t.equal(isFinal(LIFE[state].status), LIFE[state].next.length === 0, `${state}: final is what leads nowhere`)
  }
  t.ok(isFinal('canceled'))
  t.strictSame(states.filter(state => isFinal(LIFE[state].status)), ['completed', 'failed'])
})
