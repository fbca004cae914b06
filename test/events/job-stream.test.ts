import t from 'tap'
import type { Job, JobEvent } from '../../types/job.js'
import { JobNotFoundError } from '../../lib/base/errors.js'
import { fingerprint, toEventId } from '../../lib/events/event-id.js'
import type { JobEvents } from '../../lib/events/job-events.js'
import type { Chunks, Found, JobQueue } from '../../lib/queue/job-queue.js'
import { openJobStream, type JobStream } from '../../lib/events/job-stream.js'
import type { StoredJob } from '../../lib/job/stored-job.js'
import { StoreUnavailableError } from '../../lib/base/errors.js'

const job = (rest: Partial<StoredJob> = {}): StoredJob => ({ state: 'active', timestamp: 0, attemptsMade: 0, opts: {}, progress: 0, logs: 0, readAt: 0, ...rest })
const done = (rest: Partial<StoredJob> = {}): StoredJob => job({ state: 'completed', finishedOn: 5, ...rest })

interface Script {
  /** What the job is, one after the other. */
  states: Array<StoredJob | undefined>
  /** Its log: chunks, or rows that are none; two of them are read at a time. */
  log?: Array<string | undefined>
  after?: string
  signal?: AbortSignal
  /** Called before each read of the log. */
  onRead?: () => void
}

/** Opens the stream of a job that a test makes up; `ended` tells whether its job is followed no more. */
async function open ({ states, log = [], after, signal = new AbortController().signal, onRead = () => {} }: Script): Promise<{ stream: JobStream | undefined, ended: () => boolean }> {
  let ended = false
  const events: Pick<JobEvents, 'follow'> = {
    async * follow () {
      try {
        for (const stored of states) yield stored === undefined ? { outcome: 'unknown' } : { outcome: 'found', stored }
      } finally {
        ended = true
      }
    }
  }
  const readChunks = async (_jobId: string, from: number): Promise<Chunks> => {
    onRead()
    const rows = log.slice(from, from + 2)
    return { chunks: rows.flatMap((data, place) => data === undefined ? [] : { index: from + place, run: 1, data }), next: from + rows.length }
  }
  try {
    const stream = await openJobStream(events as JobEvents, { readChunks } as unknown as JobQueue, 'id', {
      after,
      signal,
      view: ({ state, progress }) => ({ status: state, progress }) as unknown as Job,
      require: (found: Found) => {
        if (found.outcome !== 'found') throw new JobNotFoundError()
        return found.stored
      }
    })
    return { stream, ended: () => ended }
  } catch (error) {
    t.ok(ended, 'a job that is not there is followed no more')
    throw error
  }
}

/** What a watcher sees: states by their progress, chunks by what they say. */
async function told (script: Script): Promise<unknown[]> {
  const { stream, ended } = await open(script)
  const seen = []
  for await (const event of stream ?? []) seen.push(show(event))
  t.ok(ended())
  return seen
}

function show (event: JobEvent): unknown {
  return event.type === 'job' ? `${event.job.status} ${event.job.progress}` : event.data
}

t.test('the job as it is, its chunks, and every change', async t => {
  t.strictSame(await told({ states: [job({ logs: 2 }), job({ logs: 2, progress: 1 }), job({ logs: 4, progress: 1 }), done({ logs: 5 })], log: ['a', 'b', 'c', 'd', 'e'] }),
    ['active 0', 'a', 'b', 'active 1', 'c', 'd', 'e', 'completed 0'])
})

t.test('what did not change is not told', async t => {
  t.strictSame(await told({ states: [job(), job(), job({ logs: 0 }), done()] }), ['active 0', 'completed 0'])
})

t.test('a final job is told last, after all it wrote', async t => {
  t.strictSame(await told({ states: [done({ logs: 2 }), job()], log: ['a', 'b'] }), ['a', 'b', 'completed 0'])
})

t.test('rows that are no chunks are passed over', async t => {
  t.strictSame(await told({ states: [done({ logs: 5 })], log: [undefined, undefined, 'a', undefined, 'b'] }), ['a', 'b', 'completed 0'])
})

t.test('a log that is shorter than it was', async t => {
  t.strictSame(await told({ states: [done({ logs: 5 })], log: ['a'] }), ['a', 'completed 0'], 'somebody cleared it')
})

t.test('ids tell where to go on', async t => {
  const script = { states: [job({ logs: 2 }), done({ logs: 3 })], log: ['a', 'b', 'c'] }
  const { stream } = await open(script)
  const events: JobEvent[] = []
  for await (const event of stream ?? []) events.push(event)
  t.strictSame(events.map(event => event.id), [
    toEventId('id', { chunks: 0, seen: fingerprint(job()) }), toEventId('id', { chunks: 1, seen: fingerprint(job()) }), toEventId('id', { chunks: 2, seen: fingerprint(job()) }),
    toEventId('id', { chunks: 3, seen: fingerprint(job()) }), toEventId('id', { chunks: 3, seen: fingerprint(done()) })
  ])
  for (const [place, { id }] of events.entries()) {
    t.strictSame(await told({ ...script, states: [done({ logs: 3 })], after: id }), events.slice(place + 1).map(show), `after ${place}`)
  }
  t.strictSame(await told({ ...script, after: 'nowhere' }), events.map(show))
})

t.test('a watcher who has seen all gets no stream', async t => {
  const final = done({ logs: 1 })
  const { stream, ended } = await open({ states: [final], after: toEventId('id', { chunks: 1, seen: fingerprint(final) }) })
  t.equal(stream, undefined)
  t.ok(ended())
})

t.test('nor does one who comes when all is closed', async t => {
  t.equal((await open({ states: [] })).stream, undefined)
})

t.test('a job that is not there, at first or later', async t => {
  await t.rejects(open({ states: [undefined] }), { code: 'JOB_NOT_FOUND' })
  await t.rejects(told({ states: [job(), undefined] }), { code: 'JOB_NOT_FOUND' })
})

t.test('all is closed before the job is final', async t => {
  t.strictSame(await told({ states: [job({ progress: 1 }), job({ progress: 2 })] }), ['active 1', 'active 2'])
})

t.test('a watcher who goes', async t => {
  const { stream, ended } = await open({ states: [job(), job({ progress: 1 })] })
  t.match((await stream?.next())?.value, { job: { status: 'active' } })
  await stream?.return()
  t.ok(ended())
})

t.test('chunks that cannot be read are tried again', async t => {
  let reads = 0
  t.strictSame(await told({ states: [done({ logs: 1 })], log: ['a'], onRead: () => { if (++reads < 3) throw new StoreUnavailableError() } }), ['a', 'completed 0'])
  t.equal(reads, 3)
})

t.test('but not where another read would find the same', async t => {
  const damaged = new TypeError('damaged')
  let reads = 0
  await t.rejects(told({ states: [done({ logs: 1 })], log: ['a'], onRead: () => { reads++; throw damaged } }), damaged)
  t.equal(reads, 1)
})

t.test('but not for a watcher who has gone', async t => {
  const gone = new AbortController()
  await t.rejects(told({ states: [done({ logs: 1 })], log: ['a'], signal: gone.signal, onRead: () => { gone.abort(); throw new StoreUnavailableError() } }), { code: 'STORE_UNAVAILABLE' })
  const later = new AbortController()
  let reads = 0
  await t.rejects(told({
    states: [done({ logs: 1 })],
    log: ['a'],
    signal: later.signal,
    onRead: () => { if (++reads === 1) setImmediate(() => { later.abort() }); throw new StoreUnavailableError() }
  }), { code: 'STORE_UNAVAILABLE' })
  t.equal(reads, 2, 'the pause ends at once')
})
