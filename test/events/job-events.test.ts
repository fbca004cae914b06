import t, { type Test } from 'tap'
import { mock } from 'node:test'
import type { Engine, QueueEvent } from '../../lib/engine/engine.js'
import { openJobEvents, type JobEvents } from '../../lib/events/job-events.js'
import type { Found, JobQueue } from '../../lib/queue/job-queue.js'
import type { StoredJob } from '../../lib/job/stored-job.js'
import { silent } from '../helpers/engines.js'
import { latch, type Latch } from '../helpers/latch.js'

const never = new AbortController().signal

/** A store whose jobs and events a test makes up; time passes only by its ticks. */
interface Fake {
  events: JobEvents
  /** The jobs that are there; each read of one is counted. */
  jobs: Record<string, Partial<StoredJob>>
  reads: string[]
  /** Failures of the next reads and of the next looks for the latest event. */
  failures: { read: number, latest: number }
  /** Holds reads up. */
  hold: Latch | undefined
  readers: { opened: number, closed: number }
  /** An event arrives. */
  tell (jobId?: string): Promise<void>
  reconnect (): Promise<void>
  /** Follows a job and collects what it is told. */
  follow (jobId: string, signal?: AbortSignal): { seen: Found[], ended: Promise<void>, iterator: AsyncGenerator<Found, void, void> }
}

function fake (t: Test): Fake {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: 1_000_000 })
  t.teardown(() => { mock.timers.reset() })
  let arrived = latch<QueueEvent[]>()
  let reconnected = (): void => {}
  const openEvents = (_name: string, onReconnect: () => void): object => {
    faked.readers.opened++
    reconnected = onReconnect
    const closed = latch<QueueEvent[]>()
    return {
      read: async () => {
        const events = await Promise.race([arrived.promise, closed.promise])
        arrived = latch()
        return events
      },
      close: async () => { faked.readers.closed++; closed.open([]) }
    }
  }
  const read = async (jobId: string): Promise<Found> => {
    faked.reads.push(jobId)
    if (faked.failures.read > 0) {
      faked.failures.read--
      throw new Error('no store')
    }
    const stored = faked.jobs[jobId]
    await faked.hold?.promise
    return stored === undefined ? { outcome: 'unknown' } : { outcome: 'found', stored: { state: 'waiting', timestamp: 1_000_000, attemptsMade: 0, opts: {}, progress: 0, logs: 0, readAt: Date.now() + faked.reads.length / 1_000, ...stored } }
  }
  const latestEvent = async (): Promise<string> => {
    if (faked.failures.latest > 0) {
      faked.failures.latest--
      throw new Error('no store')
    }
    return '0'
  }
  const faked: Fake = {
    events: openJobEvents({ available: true, openEvents } as unknown as Engine, { name: 'job' }, { read, latestEvent } as unknown as JobQueue, silent),
    jobs: {},
    reads: [],
    failures: { read: 0, latest: 0 },
    hold: undefined,
    readers: { opened: 0, closed: 0 },
    async tell (jobId) {
      arrived.open([{ id: '1', event: 'progress', jobId }])
      await turn()
    },
    async reconnect () {
      reconnected()
      await turn()
    },
    follow (jobId, signal = never) {
      const iterator = faked.events.follow(jobId, signal)
      const seen: Found[] = []
      const ended = (async () => { for await (const found of iterator) seen.push(found) })()
      return { seen, ended, iterator }
    }
  }
  t.teardown(() => faked.events.close())
  return faked
}

const progressOf = (seen: Found[]): unknown[] => seen.map(found => found.outcome === 'found' ? found.stored.progress : found.outcome)

t.test('tells of a job as it is, then as it is after each change', async t => {
  const { jobs, follow, tell } = fake(t)
  jobs['a'] = { progress: 1 }
  const { seen } = follow('a')
  await turn()
  for (const progress of [2, 3]) {
    jobs['a'] = { progress }
    await tell('a')
  }
  delete jobs['a']
  await tell('a')
  t.strictSame(progressOf(seen), [1, 2, 3, 'unknown'])
})

t.test('changes that come faster than they are read are told as one', async t => {
  const { jobs, reads, tell, events } = fake(t)
  jobs['a'] = { progress: 1 }
  const slow = events.follow('a', never)
  t.strictSame(progressOf([(await slow.next()).value as Found]), [1])
  for (const progress of [2, 3, 4]) {
    jobs['a'] = { progress }
    await tell('a')
  }
  t.equal(reads.length, 4)
  t.strictSame(progressOf([(await slow.next()).value as Found]), [4])
  await slow.return()
})

t.test('a change while the job is read has it read again', async t => {
  const faked = fake(t)
  const { jobs, follow, tell, reads } = faked
  jobs['a'] = { progress: 1 }
  const { seen } = follow('a')
  await turn()
  const hold = faked.hold = latch()
  await tell('a')
  jobs['a'] = { progress: 2 }
  await tell('a')
  await tell('a')
  t.equal(reads.length, 2)
  faked.hold = undefined
  hold.open()
  await turn()
  t.equal(reads.length, 3, 'once, for whatever came meanwhile')
  t.equal(progressOf(seen).at(-1), 2)
})

t.test('one reader, and one read for each change, for all who watch', async t => {
  const { jobs, reads, readers, follow, tell } = fake(t)
  Object.assign(jobs, { a: {}, b: {} })
  const all = ['a', 'a', 'a', 'b'].map(jobId => follow(jobId))
  await turn()
  reads.length = 0
  jobs['a'] = { progress: 1 }
  await tell('a')
  await tell('nobody watches it')
  await tell(undefined)
  t.strictSame(reads, ['a'])
  t.strictSame(all.map(({ seen }) => progressOf(seen).at(-1)), [1, 1, 1, 0])
  t.equal(readers.opened, 1)
})

t.test('who watches is not told what has not changed, however many come', async t => {
  const { jobs, reads, follow, tell, reconnect } = fake(t)
  jobs['a'] = { progress: 1 }
  const all = []
  for (let count = 0; count < 5; count++) {
    all.push(follow('a'))
    await turn()
  }
  t.equal(reads.length, 5, 'each who comes has it read')
  await tell('a')
  await reconnect()
  t.strictSame(all.map(({ seen }) => progressOf(seen)), [[1], [1], [1], [1], [1]])
})

t.test('a job that is over is not read again', async t => {
  const { jobs, reads, follow, tell } = fake(t)
  jobs['a'] = { state: 'completed', finishedOn: 5 }
  follow('a')
  follow('gone')
  await turn()
  await tell('a')
  await tell('gone')
  t.equal(reads.length, 2)
})

t.test('a job that cannot be read is tried again', async t => {
  const { jobs, reads, failures, follow, tell } = fake(t)
  Object.assign(jobs, { a: { progress: 1 }, b: {}, c: {} })
  const { seen } = follow('a')
  follow('b')
  follow('c')
  await turn()
  failures.read = 3
  jobs['a'] = { progress: 2 }
  await tell('a')
  await tell('b')
  t.equal(reads.length, 5)
  mock.timers.tick(250)
  await turn()
  t.strictSame(reads.slice(5), ['a', 'b'], 'the two that failed, and only they')
  mock.timers.tick(250)
  await turn()
  t.strictSame(reads.slice(7), ['a'], 'until it succeeds')
  t.strictSame(progressOf(seen), [1, 2])
})

t.test('where it cannot be read at first, who asks is told', async t => {
  const { jobs, readers, failures, follow } = fake(t)
  jobs['a'] = {}
  failures.read = 1
  await t.rejects(follow('a').ended, { message: 'no store' })
  failures.latest = 1
  mock.timers.tick(10_000)
  await turn()
  await t.rejects(Promise.all([follow('a').ended, follow('a').ended]), { message: 'no store' })
  const { seen } = follow('a')
  await turn()
  t.equal(seen.length, 1, 'and may ask again')
  t.strictSame(readers, { opened: 2, closed: 1 })
})

t.test('when events may have been missed, all is read', async t => {
  const { jobs, reads, follow, reconnect } = fake(t)
  Object.assign(jobs, { a: {}, b: {} })
  follow('a')
  follow('b')
  await turn()
  await reconnect()
  t.strictSame(reads.slice(2).sort(), ['a', 'b'])
  mock.timers.tick(15_000)
  await turn()
  t.strictSame(reads.slice(4).sort(), ['a', 'b'], 'and now and then without any sign')
})

t.test('the reader stays for a while after the last watcher has gone', async t => {
  const { jobs, readers, follow } = fake(t)
  jobs['a'] = {}
  const visit = async (): Promise<void> => {
    const gone = new AbortController()
    const { ended } = follow('a', gone.signal)
    await turn()
    gone.abort()
    await ended
  }
  await visit()
  mock.timers.tick(9_999)
  await visit()
  mock.timers.tick(9_999)
  await turn()
  t.strictSame(readers, { opened: 1, closed: 0 }, 'long polls come again at once')
  mock.timers.tick(1)
  await turn()
  t.strictSame(readers, { opened: 1, closed: 1 })
  await visit()
  t.strictSame(readers, { opened: 2, closed: 1 })
})

t.test('a job that must have begun by some time is read then', async t => {
  const { jobs, reads, follow, tell } = fake(t)
  jobs['a'] = { opts: { startBy: 5 } }
  const gone = new AbortController()
  const { ended } = follow('a', gone.signal)
  await turn()
  const other = follow('a')
  await tell('a')
  mock.timers.tick(4_999)
  await turn()
  t.equal(reads.length, 3, 'one for each who came, and one for the event')
  jobs['a'] = { state: 'failed' }
  mock.timers.tick(1)
  await turn()
  t.equal(reads.length, 4)
  gone.abort()
  await ended
  t.equal(other.seen.length, 2, 'also for who came later')
})

t.test('nothing is left of a watcher who goes while the job is read', async t => {
  const faked = fake(t)
  const { jobs, reads, events, tell, follow } = faked
  jobs['a'] = { opts: { startBy: 5 } }
  const gone = new AbortController()
  const { ended } = follow('a', gone.signal)
  await turn()
  const hold = faked.hold = latch()
  await tell('a')
  gone.abort()
  await ended
  faked.hold = undefined
  hold.open()
  await turn()
  mock.timers.tick(5_000)
  await turn()
  t.equal(reads.length, 2, 'no timer')
  t.notOk(events.closed)
})

t.test('closing ends all', async t => {
  const { jobs, events, readers, reads, failures, follow, tell } = fake(t)
  Object.assign(jobs, { a: {}, b: {} })
  const all = [follow('a'), follow('b')]
  await turn()
  failures.read = 1
  await tell('a')
  await events.close()
  await Promise.all(all.map(({ ended }) => ended))
  t.ok(events.closed)
  t.strictSame(readers, { opened: 1, closed: 1 })
  const { seen, ended } = follow('a')
  await ended
  t.strictSame(seen, [])
  mock.timers.tick(60_000)
  await turn()
  t.equal(reads.length, 3, 'no timer')
})

t.test('closing while the reader is opened', async t => {
  const { jobs, events, failures, follow } = fake(t)
  jobs['a'] = {}
  const first = follow('a')
  await events.close()
  await first.ended
  const other = fakeAgain(t)
  other.failures.latest = 1
  const failing = t.rejects(other.follow('a').ended, { message: 'no store' })
  await other.events.close()
  await failing
  t.equal(failures.read, 0)
})

function fakeAgain (t: Test): Fake {
  mock.timers.reset()
  return fake(t)
}

/** Until everything that waits for nothing has been done. */
async function turn (): Promise<void> {
  for (let n = 0; n < 3; n++) await new Promise(resolve => { setImmediate(resolve) })
}

t.test('who has begun and asks no more leaves at once when its signal aborts', async t => {
  const { events, jobs, reads, readers } = fake(t)
  jobs['a'] = {}
  const gone = new AbortController()
  const iterator = events.follow('a', gone.signal)
  await iterator.next()
  gone.abort()
  mock.timers.tick(15_000)
  await turn()
  t.strictSame(reads, ['a'], 'it is read no more')
  t.strictSame(readers, { opened: 1, closed: 1 }, 'and after a while, nothing is')
  t.same(await iterator.next(), { done: true })
})

t.test('who comes too late joins nothing, and neither does what is no signal', async t => {
  const { events, reads, readers } = fake(t)
  t.same(await events.follow('a', AbortSignal.abort()).next(), { done: true })
  await t.rejects(events.follow('a', {} as AbortSignal).next())
  mock.timers.tick(60_000)
  await turn()
  t.strictSame([reads, readers], [[], { opened: 0, closed: 0 }])
})
