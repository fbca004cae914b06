import { randomBytes } from 'node:crypto'
import type { Test } from 'tap'
import type { Job, JobsOptions } from 'bullmq'
import { leaseEngine } from '../../lib/engine/index.js'
import { PAGE_BYTES, SMALL_OUTPUT, stopsOf, type Engine, type EngineWorker, type QueueEvent } from '../../lib/engine/engine.js'
import { silent, uniqueName } from './engines.js'
import { latch } from './latch.js'
import { eventually } from './service.js'

/* What every engine promises of its commands, whichever the store. */

const REASONS = { pending: 'ended while pending', running: 'ended while running' }

interface Store {
  t: Test
  engine: Engine
  name: string
}

/** Puts a job into a state, and gives its id. */
type Walk = (store: Store) => Promise<string>

const add = async ({ engine, name }: Store, options: object = {}): Promise<string> => {
  const { id } = await engine.openQueue(name).add(name, {}, { jobId: uniqueName(), ...options })
  return id as string
}

/** A worker takes the job, and holds it until the test ends. */
async function hold (store: Store, options: object = {}): Promise<{ jobId: string, token: string, report: EngineWorker['report'] }> {
  const { t, engine, name } = store
  const taken = latch<string>()
  const end = latch()
  const { worker, report, disconnect } = engine.openWorker(name, async (_job: Job, token) => { taken.open(token as string); await end.promise }, { skipStalledCheck: true, ...options })
  // What a worker cannot store of a job that is another's by now.
  worker.on('error', () => {})
  t.teardown(async () => { end.open(); await worker.close(); disconnect() })
  const jobId = await add(store)
  return { jobId, token: await taken.promise, report }
}

const ENDED: Record<string, { walk: Walk, reason: string }> = {
  'that waits': { walk: store => add(store), reason: REASONS.pending },
  'that waits with a priority': { walk: store => add(store, { priority: 5 }), reason: REASONS.pending },
  'that is delayed': { walk: store => add(store, { delay: 600_000 }), reason: REASONS.pending },
  'of a paused queue': { walk: async store => { await store.engine.openQueue(store.name).pause(); return await add(store) }, reason: REASONS.pending },
  'that waits for its next attempt': { walk: waitForRetry, reason: REASONS.pending },
  'that lost its worker': { walk: loseWorker, reason: REASONS.pending },
  'that runs': { walk: async store => (await hold(store)).jobId, reason: REASONS.running }
}

async function waitForRetry (store: Store): Promise<string> {
  const { t, engine, name } = store
  const { worker, disconnect } = engine.openWorker(name, async () => { throw new Error('not this time') }, {})
  t.teardown(async () => { await worker.close(); disconnect() })
  const jobId = await add(store, { attempts: 2, backoff: 600_000 })
  await eventually(() => engine.readJob(name, jobId, false), job => job?.state === 'delayed')
  return jobId
}

async function loseWorker (store: Store): Promise<string> {
  const { jobId } = await hold(store, { lockDuration: 100, skipLockRenewal: true })
  await eventually(() => store.engine.readJob(store.name, jobId, false), job => job?.state === 'waiting')
  return jobId
}

export async function testStoreCommands (t: Test, connection: string): Promise<void> {
  const open = async (t: Test): Promise<Store> => {
    const { engine, release } = await leaseEngine(connection, {}, silent)
    t.teardown(release)
    return { t, engine, name: uniqueName() }
  }

  for (const [what, { walk, reason }] of Object.entries(ENDED)) {
    await t.test(`ends a job ${what}`, async t => {
      const store = await open(t)
      const { engine, name } = store
      const jobId = await walk(store)
      const [start, stops] = [await engine.latestEvent(name), await engine.latestEvent(stopsOf(name))]
      await engine.endJob(name, jobId, REASONS)
      t.match(await engine.readJob(name, jobId, true), { state: 'failed', failedReason: reason, finishedOn: Number, output: undefined })
      t.match(await eventsAfter(t, engine, name, start, ({ event }) => event === 'failed'), [{ event: 'failed', jobId }])
      if (reason === REASONS.running) t.match(await eventsAfter(t, engine, stopsOf(name), stops, () => true), [{ event: 'stop', jobId }], 'and its worker is told')

      const queue = engine.openQueue(name)
      t.strictSame(await queue.getJobCounts('waiting', 'active', 'delayed', 'prioritized', 'failed'), { waiting: 0, active: 0, delayed: 0, prioritized: 0, failed: 1 })
      await engine.endJob(name, jobId, { pending: 'again', running: 'again' })
      t.match(await engine.readJob(name, jobId, false), { failedReason: reason }, 'a final job stays as it is')
      t.strictSame(await queue.clean(0, 10, 'failed'), [jobId], 'and is cleaned as any other')
    })
  }

  await t.test('an ended job is not run, and an operator may have it run again', async t => {
    const store = await open(t)
    const { engine, name } = store
    const queue = engine.openQueue(name)
    const ended = await add(store)
    await engine.endJob(name, ended, REASONS)
    const other = await add(store)
    const run: unknown[] = []
    const { worker, disconnect } = engine.openWorker(name, async job => { run.push(job.id) }, {})
    t.teardown(async () => { await worker.close(); disconnect() })
    await eventually(() => engine.readJob(name, other, false), job => job?.state === 'completed')
    t.strictSame(run, [other])
    await (await queue.getJob(ended))?.retry()
    await eventually(() => engine.readJob(name, ended, false), job => job?.state === 'completed')
    t.strictSame(run, [other, ended])
  })

  await t.test('leaves alone', async t => {
    const store = await open(t)
    const { engine, name } = store
    await engine.endJob(name, 'unknown', REASONS)
    t.equal(await engine.readJob(name, 'unknown', false), undefined)
    const { jobId, token, report } = await hold(store)
    await engine.endJob(name, jobId, { pending: 'late' })
    t.match(await engine.readJob(name, jobId, false), { state: 'active', failedReason: undefined }, 'one that runs, where only pending ones are to end')
    t.ok(await report(name, jobId, token, { progress: 1, from: 0, rows: [] }))
  })

  await t.test('reads a job for its owner alone', async t => {
    const store = await open(t)
    const { engine, name } = store
    for (const owner of ['alice', undefined]) {
      const jobId = await add(store, { owner })
      t.match(await engine.readJob(name, jobId, false), { state: 'waiting' })
      t.equal((await engine.readJob(name, jobId, false, 'alice'))?.state, owner && 'waiting')
      t.equal(await engine.readJob(name, jobId, true, 'bob'), undefined)
    }
    t.equal(await engine.readJob(name, 'unknown', false, 'alice'), undefined)
  })

  await t.test('stores what a running job tells', async t => {
    const store = await open(t)
    const { engine, name } = store
    const { jobId, token, report } = await hold(store)
    const start = await engine.latestEvent(name)
    const first = { progress: { percent: 5, message: 'ü' }, from: 0, rows: ['a', 'b'] }
    t.ok(await report(name, jobId, token, first))
    t.ok(await report(name, jobId, token, first), 'repeated')
    t.strictSame(await engine.readLogs(name, jobId, 0), ['a', 'b'], 'it is the same')
    t.ok(await report(name, jobId, token, { progress: undefined, from: 1, rows: ['b', 'c'] }))
    t.ok(await report(name, jobId, token, { progress: 0, from: 3, rows: [] }))
    t.strictSame(await engine.readLogs(name, jobId, 0), ['a', 'b', 'c'], 'also in part')
    t.match(await engine.readJob(name, jobId, false), { progress: 0, logs: 3 })
    t.strictSame((await eventsAfter(t, engine, name, start, () => true, 4)).map(({ event, jobId: id }) => [event, id]), [['progress', jobId], ['progress', jobId], ['output', jobId], ['progress', jobId]])
  })

  await t.test('stores nothing of a job that is not the teller\'s any more', async t => {
    const store = await open(t)
    const { engine, name } = store
    const { jobId, token, report } = await hold(store)
    const told = { progress: 9, from: 0, rows: ['late'] }
    t.notOk(await report(name, jobId, 'another token', told))
    t.notOk(await report(name, 'unknown', token, told))
    await engine.endJob(name, jobId, REASONS)
    t.notOk(await report(name, jobId, token, told))
    t.match(await engine.readJob(name, jobId, false), { progress: 0, logs: 0 })
  })

  await t.test('reads a long log in pages', async t => {
    const store = await open(t)
    const { engine, name } = store
    const { jobId, token, report } = await hold(store)
    const rows = Array.from({ length: 250 }, (_, n) => `row ${n}`)
    t.ok(await report(name, jobId, token, { progress: undefined, from: 0, rows }))
    const pages = await Promise.all([0, 100, 200, 250].map(from => engine.readLogs(name, jobId, from)))
    t.strictSame(pages.map(({ length }) => length), [100, 100, 50, 0])
    t.strictSame(pages.flat(), rows)
    t.strictSame(await engine.readLogs(name, 'unknown', 0), [])
  })

  await t.test('reads long rows in pages that are not much longer than one of them', async t => {
    const store = await open(t)
    const { engine, name } = store
    const { jobId, token, report } = await hold(store)
    const rows = ['a', 'b', 'c', 'd', 'e'].map(letter => letter.repeat(PAGE_BYTES / 2))
    t.ok(await report(name, jobId, token, { progress: undefined, from: 0, rows: [...rows, 'f'.repeat(2 * PAGE_BYTES), 'g'] }))
    const pages = await Promise.all([0, 2, 4, 5, 6, 7].map(from => engine.readLogs(name, jobId, from)))
    t.strictSame(pages.map(page => page.map(row => row.charAt(0)).join('')), ['ab', 'cd', 'ef', 'f', 'g', ''])
  })

  await t.test('reads an output with its job where it is small', async t => {
    const store = await open(t)
    const { engine, name } = store
    const outputs = new Map<string, unknown>([['none', undefined], ['small', 'x'.repeat(1_000)], ['large', randomBytes(SMALL_OUTPUT).toString('hex')]])
    const { worker, disconnect } = engine.openWorker(name, async job => outputs.get(job.id as string), {})
    t.teardown(async () => { await worker.close(); disconnect() })
    for (const jobId of outputs.keys()) {
      await add(store, { jobId })
      await eventually(() => engine.readJob(name, jobId, false), job => job?.state === 'completed')
    }
    t.match(await engine.readJob(name, 'none', true), { output: { text: 'null' }, largeOutput: false })
    t.match(await engine.readJob(name, 'small', true), { output: { text: JSON.stringify(outputs.get('small')), checked: true }, largeOutput: false })
    t.match(await engine.readJob(name, 'large', true), { output: undefined, largeOutput: true })
    t.match(await engine.readJob(name, 'large', false), { output: undefined, largeOutput: false })
    t.strictSame(await engine.readOutput(name, 'large'), { text: JSON.stringify(outputs.get('large')), checked: true })
    t.equal(await engine.readOutput(name, 'unknown'), undefined)
  })

  await t.test('finds jobs that outlived their own retention', async t => {
    const store = await open(t)
    const { engine, name } = store
    const { worker, disconnect } = engine.openWorker(name, async () => null, { concurrency: 100 })
    t.teardown(async () => { await worker.close(); disconnect() })
    const done = async (removeOnComplete: unknown, count = 1): Promise<string[]> => {
      const jobs = await engine.openQueue(name).addBulk(Array.from({ length: count }, () => ({ name, data: {}, opts: { removeOnComplete } as JobsOptions })))
      const jobIds = jobs.map(({ id }) => id as string)
      for (const jobId of jobIds) await eventually(() => engine.readJob(name, jobId, false), job => job?.state === 'completed')
      return jobIds
    }
    for (const retention of [{ age: 3_600 }, { age: 'soon' }, { age: null }, { count: 5_000 }, false]) await done(retention)
    t.strictSame(await engine.findExpired(name, 'completed', 0), [])
    const over = await done({ age: 0 })
    t.strictSame(await engine.findExpired(name, 'completed', 0), over)
    t.strictSame(await engine.findExpired(name, 'completed', 600_000), [], 'it ended only now')
    t.strictSame(await engine.findExpired(name, 'failed', 0), [])
  })

  await t.test('deletes old events', async t => {
    const { engine, name } = await open(t)
    await engine.openQueue(name).addBulk(Array.from({ length: 200 }, () => ({ name, data: {} })))
    const [oldest] = await eventsAfter(t, engine, name, '0', () => true)
    await engine.trimEvents(name, 600_000)
    t.strictSame((await eventsAfter(t, engine, name, '0', () => true))[0], oldest, 'those of the last minutes stay')
    const latest = await engine.latestEvent(name)
    // What is not older than a second from now: all.
    await engine.trimEvents(name, -1_000)
    await engine.openQueue(name).add(name, {})
    t.not((await eventsAfter(t, engine, name, '0', () => true))[0]?.id, oldest?.id)
    t.not(await engine.latestEvent(name), latest)
  })
}

/** At least so many events after the one with this id that are wanted. */
async function eventsAfter (t: Test, engine: Engine, name: string, after: string, wanted: (event: QueueEvent) => boolean, count = 1): Promise<QueueEvent[]> {
  const source = engine.openEvents(name, () => {})
  t.teardown(() => source.close())
  const events: QueueEvent[] = []
  let last = after
  while (events.length < count) {
    const read = await source.read(last)
    last = read.at(-1)?.id ?? last
    // On PostgreSQL all that is kept is told at first.
    events.push(...read.filter(event => engine.kind === 'redis' || Number(event.id) > Number(after)).filter(wanted))
  }
  return events
}
