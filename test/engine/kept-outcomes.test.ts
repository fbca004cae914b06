import t, { type Test } from 'tap'
import { DelayedError, WaitingChildrenError, WaitingError, type IQueueBackend, type Job } from 'bullmq'
import { leaseEngine } from '../../lib/engine/index.js'
import { keepOutcomes, type KeptOutcomes } from '../../lib/engine/kept-outcomes.js'
import { createPatience } from '../../lib/engine/patience.js'
import { onEachEngine, silent, uniqueName, type TestEngine } from '../helpers/engines.js'
import { eventually } from '../helpers/service.js'

type Way = 'moveToActive' | 'moveToCompleted' | 'moveToFailed' | 'moveToDelayed' | 'moveToWaitingChildren' | 'moveJobFromActiveToWait' | 'retryJob'
type Move = (...args: unknown[]) => Promise<unknown>

interface Ran {
  outcomes: KeptOutcomes
  runs: string[]
  errors: Error[]
  close (): Promise<void>
  /** Takes the job that was begun last from whoever runs it. */
  handBack (): Promise<unknown>
  states (): Promise<Array<string | undefined>>
}

/** Runs two jobs, `a` before `b`, with a store that does to one way out of an attempt what it is given to do, the first time. */
async function runTwo (
  t: Test, { connection }: TestEngine, way: Way, happen: (move: () => Promise<unknown>, ran: Ran) => Promise<unknown>,
  processor: (job: Job, token: string, runs: string[]) => Promise<unknown>, options: object = {}
): Promise<Ran> {
  const { engine, release } = await leaseEngine(connection, {}, silent)
  t.teardown(release)
  const name = uniqueName()
  const queue = engine.openQueue(name)
  for (const id of ['a', 'b']) await queue.add(name, {}, { jobId: `${name}-${id}`, ...options })
  const patience = createPatience(() => {}, () => {})
  const outcomes = keepOutcomes(patience)
  const ran: Ran = {
    outcomes,
    runs: [],
    errors: [],
    handBack: async () => {},
    async close () {
      outcomes.close()
      await worker.close()
    },
    states: async () => await Promise.all(['a', 'b'].map(async id => (await engine.readJob(name, `${name}-${id}`, false))?.state))
  }
  let takeBack: IQueueBackend['moveJobFromActiveToWait']
  let first = true
  const keep = (backend: IQueueBackend): void => {
    const moves = backend as unknown as Record<Way, Move>
    const move = moves[way].bind(backend)
    takeBack = backend.moveJobFromActiveToWait.bind(backend)
    moves[way] = async (...args) => {
      if (!first) return await move(...args)
      first = false
      return await happen(() => move(...args), ran)
    }
    outcomes.keep(backend)
  }
  const { worker, disconnect } = engine.openWorker(name, async (job: Job, token) => {
    ran.runs.push((job.id as string).slice(-1))
    ran.handBack = () => takeBack(job.id as string, token as string)
    return await processor(job, token as string, ran.runs)
  }, { drainDelay: 1 }, { keep })
  worker.on('error', error => { ran.errors.push(error) })
  t.teardown(async () => {
    patience.end()
    await ran.close()
    disconnect()
  })
  return ran
}

/** What it was asked the store has done, but its answer is lost. */
const lose = async (move: () => Promise<unknown>): Promise<never> => {
  await move()
  throw new Error('Connection terminated unexpectedly')
}

const once = (runs: string[]): boolean => runs.filter(id => id === 'a').length === 1
const WAYS: Record<Way, { processor: (job: Job, token: string, runs: string[]) => Promise<unknown>, options?: object, runs: string[], states: string[] }> = {
  moveToActive: { processor: async () => 1, runs: ['a', 'b'], states: ['completed', 'completed'] },
  moveToCompleted: { processor: async () => 1, runs: ['a', 'b'], states: ['completed', 'completed'] },
  moveToFailed: { processor: async () => { throw new Error('no') }, runs: ['a', 'b'], states: ['failed', 'failed'] },
  moveToDelayed: {
    async processor (job, token, runs) {
      if (!once(runs) || job.id?.endsWith('b')) return 1
      await job.moveToDelayed(Date.now() + 600_000, token)
      throw new DelayedError()
    },
    runs: ['a', 'b'],
    states: ['delayed', 'completed']
  },
  moveToWaitingChildren: {
    async processor (job, token) {
      if (await job.moveToWaitingChildren(token)) throw new WaitingChildrenError()
      return 1
    },
    runs: ['a', 'b'],
    states: ['completed', 'completed']
  },
  moveJobFromActiveToWait: {
    async processor (job, token, runs) {
      if (runs.length > 1) return 1
      await job.moveToWait(token)
      throw new WaitingError()
    },
    runs: ['a', 'a', 'b'],
    states: ['completed', 'completed']
  },
  retryJob: {
    async processor (_job, _token, runs) {
      if (runs.length > 1) return 1
      throw new Error('not this time')
    },
    options: { attempts: 2 },
    runs: ['a', 'a', 'b'],
    states: ['completed', 'completed']
  }
}

t.test('an answer that is lost changes nothing', t => onEachEngine(t, async (t, engine) => {
  for (const [way, { processor, options, runs, states }] of Object.entries(WAYS)) {
    await t.test(way, async t => {
      const ran = await runTwo(t, engine, way as Way, lose, processor, options)
      t.strictSame(await eventually(ran.states, now => now.every((state, index) => state === states[index])), states)
      t.strictSame([...ran.runs].sort(), runs, 'none ran more often than it should, and none waits for its lock to run out')
      t.strictSame(ran.errors, [])
      await eventually(async () => ran.outcomes.locks(), locks => locks.length === 0)
    })
  }
}))

t.test('a retry after some time whose answer is lost', t => onEachEngine(t, async (t, engine) => {
  const ran = await runTwo(t, engine, 'moveToDelayed', lose, async () => { throw new Error('not this time') }, { attempts: 2, backoff: 600_000 })
  await eventually(ran.states, states => states.every(state => state === 'delayed'))
  t.strictSame(ran.runs.sort(), ['a', 'b'])
}))

t.test('a job is locked while its outcome waits, and none is fetched by a worker that closes', t => onEachEngine(t, async (t, engine) => {
  for (const [way, end, state] of [['moveToCompleted', async () => 1, 'completed'], ['moveToFailed', async () => { throw new Error('no') }, 'failed']] as const) {
    const ran = await runTwo(t, engine, way, async (_move, { outcomes, close }) => {
      t.match(outcomes.locks(), [[/-a$/, String]])
      void close()
      throw new Error('not now')
    }, end)
    await eventually(ran.states, ([a]) => a === state)
    t.strictSame(await ran.states(), [state, 'waiting'])
  }
}))

t.test('an outcome that comes too late is none', t => onEachEngine(t, async (t, engine) => {
  const ran = await runTwo(t, engine, 'moveToCompleted', async (_move, { handBack }) => {
    await handBack()
    throw new Error('not now')
  }, async (_job, _token, runs) => runs.length)
  await eventually(ran.states, states => states.every(state => state === 'completed'))
  t.strictSame(ran.runs.sort(), ['a', 'a', 'b'], 'the job is run by whoever has it')
  t.match(ran.errors, [{ message: /-a\. |-a / }], 'and that is told')
}))
