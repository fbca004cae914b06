import t, { type Test } from 'tap'
import { mock } from 'node:test'
import { openLargeReads, type ReaderConnection } from '../../lib/engine/large-reads.js'
import { latch, type Latch } from '../helpers/latch.js'

interface Fake {
  reads: ReturnType<typeof openLargeReads>
  asked: string[]
  answers: Array<Latch<string[]>>
  connections (): { opened: number, closed: number }
}

/** A store whose answers come when a test says so. */
function fake (isThere = async (): Promise<unknown> => undefined): Fake {
  const asked: string[] = []
  const answers: Array<Latch<string[]>> = []
  let opened = 0
  let closed = 0
  const open = (): ReaderConnection => {
    opened++
    return {
      commands: {
        readLogs: async (_queueName, jobId, from) => {
          asked.push(`${jobId} ${from}`)
          const answer = latch<string[]>()
          answers.push(answer)
          return await answer.promise
        },
        readOutput: async (_queueName, jobId) => {
          asked.push(jobId)
          return { text: jobId, checked: true }
        }
      },
      close: () => { closed++ }
    }
  }
  return { reads: openLargeReads(open, isThere), asked, answers, connections: () => ({ opened, closed }) }
}

t.test('what several ask for in the same moment is read once, and again for who comes later', async t => {
  const { reads, asked, answers } = fake()
  const all = Promise.all([reads.readLogs('q', 'a', 0), reads.readLogs('q', 'a', 0), reads.readLogs('q', 'a', 5), reads.readOutput('q', 'a')])
  await settled()
  t.strictSame(asked, ['a 0', 'a 5', 'a'])
  answers[0]?.open(['row'])
  answers[1]?.open([])
  t.strictSame(await all, [['row'], ['row'], [], { text: 'a', checked: true }])
  const later = reads.readLogs('q', 'a', 0)
  await settled()
  t.equal(asked.length, 4)
  answers[2]?.open(['row', 'new'])
  t.strictSame(await later, ['row', 'new'])
})

t.test('a few at a time, in order', async t => {
  const { reads, asked, answers, connections } = fake()
  t.strictSame(connections(), { opened: 0, closed: 0 }, 'it opens when it is needed')
  const all = Promise.all([0, 1, 2, 3, 4, 5].map(from => reads.readLogs('q', 'a', from)))
  await settled()
  t.strictSame(asked, ['a 0', 'a 1', 'a 2', 'a 3'])
  answers[2]?.open([])
  await settled()
  t.strictSame(asked.slice(4), ['a 4'])
  for (const answer of answers) answer.open([])
  await settled()
  answers[5]?.open([])
  t.equal((await all).length, 6)
  t.strictSame(connections(), { opened: 1, closed: 0 })
  await reads.close()
  await reads.close()
  t.strictSame(connections(), { opened: 1, closed: 1 })
})

t.test('one that takes long is waited for as long as the store gives signs of life', async t => {
  const tick = startClock(t)
  let signs = 0
  const store = { answers: true }
  const { reads, answers } = fake(async () => { signs++; if (!store.answers) throw new Error('no answer') })
  const first = reads.readLogs('q', 'a', 0)
  await settled()
  for (let n = 0; n < 20; n++) await tick(100)
  t.ok(signs >= 19, `${signs} signs`)
  answers[0]?.open(['row'])
  t.strictSame(await first, ['row'])
  const second = t.rejects(reads.readLogs('q', 'a', 0), { message: 'no answer' })
  await settled()
  store.answers = false
  await tick(100)
  await second
})

t.test('but not for ever: the connection may be dead', async t => {
  const tick = startClock(t)
  const { reads, answers, connections } = fake()
  const dead = t.rejects(reads.readLogs('q', 'a', 0), { code: 'READ_TIMEOUT' })
  await settled()
  for (let n = 0; n <= 300; n++) await tick(100)
  await dead
  t.strictSame(connections(), { opened: 1, closed: 1 })
  const next = reads.readLogs('q', 'a', 0)
  await settled()
  answers[1]?.open(['row'])
  t.strictSame(await next, ['row'], 'over another one')
})

/** Time passes only by its ticks. */
function startClock (t: Test): (ms: number) => Promise<void> {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  return async ms => {
    mock.timers.tick(ms)
    await settled()
  }
}

async function settled (): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise(resolve => { setImmediate(resolve) })
}
