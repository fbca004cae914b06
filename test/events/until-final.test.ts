import t, { type Test } from 'tap'
import { getEventListeners } from 'node:events'
import { mock } from 'node:test'
import type { JobEvents } from '../../lib/events/job-events.js'
import type { Found } from '../../lib/queue/job-queue.js'
import type { StoredState } from '../../lib/job/stored-job.js'
import { untilFinal } from '../../lib/events/until-final.js'

const found = (state: StoredState): Found => ({ outcome: 'found', stored: { state, timestamp: 0, attemptsMade: 0, opts: {}, progress: 0, logs: 0, readAt: 0 } })

/** Tells these states, and then nothing more until the follower goes. */
function telling (...states: Found[]): JobEvents & { left: number } {
  const events = {
    left: 0,
    closed: false,
    async * follow (_jobId: string, signal: AbortSignal) {
      try {
        if (!signal.aborted) yield * states
        if (!signal.aborted) await new Promise(resolve => { signal.addEventListener('abort', resolve) })
      } finally {
        events.left++
      }
    },
    close: async () => {}
  }
  return events
}

const never = new AbortController().signal

t.test('ends with what will not change any more', async t => {
  const ends: Found[] = [found('completed'), found('failed'), { outcome: 'unknown' }, { outcome: 'expired', expiredAt: 5 }]
  for (const end of ends) {
    const events = telling(found('waiting'), found('active'), end, found('active'))
    t.equal(await untilFinal(events, 'id', { timeout: Infinity, signal: never }), end)
    t.equal(events.left, 1, 'and is followed no more')
  }
  t.strictSame(getEventListeners(never, 'abort'), [])
})

t.test('ends with what is news to whoever waits', async t => {
  const active = found('active')
  const events = telling(found('waiting'), active, found('completed'))
  t.equal(await untilFinal(events, 'id', { timeout: Infinity, signal: never, isNews: ({ state }) => state !== 'waiting' }), active)
  t.equal(events.left, 1)
})

t.test('after the timeout the job is as it is then', async t => {
  mockTimers(t)
  const active = found('active')
  const waiting = untilFinal(telling(found('waiting'), active), 'id', { timeout: 5_000, signal: never })
  await turn()
  mock.timers.tick(5_000)
  t.equal(await waiting, active)
})

t.test('after an abort, too', async t => {
  const gone = new AbortController()
  const waiting = untilFinal(telling(found('active')), 'id', { timeout: Infinity, signal: gone.signal })
  await turn()
  gone.abort()
  t.match(await waiting, found('active'))
})

t.test('a job that was not read even once', async t => {
  t.equal(await untilFinal(telling(found('active')), 'id', { timeout: Infinity, signal: AbortSignal.abort() }), undefined)
})

t.test('a store that is away', async t => {
  const events: JobEvents = { ...telling(), async * follow () { throw new Error('away') } }
  await t.rejects(untilFinal(events, 'id', { timeout: Infinity, signal: never }), { message: 'away' })
})

function mockTimers (t: Test): void {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
}

/** Until everything that waits for nothing has been done. */
async function turn (): Promise<void> {
  await new Promise(resolve => { setImmediate(resolve) })
}
