import t from 'tap'
import { mock } from 'node:test'
import { openBacklog } from '../lib/backlog.js'

/** A store that answers when the test says so. */
function store (waiting: number) {
  const asked: Array<{ resolve (count: number): void, reject (error: Error): void }> = []
  return {
    waiting,
    asked,
    count: (): Promise<number> => new Promise((resolve, reject) => { asked.push({ resolve, reject }) }),
    async answer (): Promise<void> {
      asked.at(-1)?.resolve(this.waiting)
      await turn()
    }
  }
}

const turn = (): Promise<void> => new Promise(resolve => { setImmediate(resolve) })

/** The time is the test's own. */
function clock (): { pass (ms: number): void } {
  let now = 1_000
  const mocked = mock.method(performance, 'now', () => now)
  t.teardown(() => { mocked.mock.restore() })
  return { pass (ms) { now += ms } }
}

t.test('lets in as many as may wait, without asking first', async t => {
  clock()
  const queue = store(0)
  const backlog = openBacklog(3, queue.count)
  t.strictSame([await backlog.admit(), await backlog.admit(), await backlog.admit()], [undefined, undefined, undefined])
  t.equal(queue.asked.length, 1, 'one count goes along')
  const fourth = backlog.admit()
  await queue.answer()
  t.equal(await fourth, 1, 'what is under way counts')
})

t.test('of what was stored, only the count tells', async t => {
  const { pass } = clock()
  const queue = store(0)
  const backlog = openBacklog(2, queue.count)
  for (let job = 0; job < 2; job++) {
    await backlog.admit()
    backlog.settled()
  }
  await queue.answer()
  const third = backlog.admit()
  t.equal(queue.asked.length, 2, 'two were stored, and may be done by now: nobody is refused by that')
  await queue.answer()
  t.equal(await third, undefined)
  backlog.settled()

  queue.waiting = 2
  pass(50)
  const fourth = backlog.admit()
  await queue.answer()
  t.equal(await fourth, undefined, 'the count that went along is for the next')
  backlog.settled()
  t.equal(await backlog.admit(), 1)
  t.equal(await backlog.admit(), 1)
  t.equal(queue.asked.length, 3, 'while it is fresh, nobody asks')
  pass(50)
  queue.waiting = 1
  const last = backlog.admit()
  const another = backlog.admit()
  t.equal(queue.asked.length, 4, 'then one asks for all')
  await queue.answer()
  t.strictSame([await last, await another], [undefined, 1], 'and there is room for one')
})

t.test('a store that does not answer', async t => {
  clock()
  const queue = store(0)
  const backlog = openBacklog(1, queue.count)
  await backlog.admit()
  queue.asked[0]?.reject(new Error('away'))
  await turn()
  const second = backlog.admit()
  queue.asked[1]?.reject(new Error('still away'))
  await t.rejects(second, { message: 'still away' })
})
