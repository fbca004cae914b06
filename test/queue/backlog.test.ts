import t from 'tap'
import { mock } from 'node:test'
import { openBacklog } from '../../lib/queue/backlog.js'

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

t.test('asks before the first, and then lets in as many as may wait', async t => {
  clock()
  const queue = store(0)
  const backlog = openBacklog(3, queue.count)
  const burst = [1, 2, 3, 4].map(() => backlog.admit())
  await queue.answer()
  t.strictSame(await Promise.all(burst), [undefined, undefined, undefined, 1], 'what is under way counts')
  t.equal(queue.asked.length, 1)
})

t.test('of what was stored, only the count tells', async t => {
  const { pass } = clock()
  const queue = store(0)
  const backlog = openBacklog(2, queue.count)
  const first = backlog.admit()
  await queue.answer()
  for (const admitted of [first, backlog.admit()]) {
    t.equal(await admitted, undefined)
    backlog.settled()
  }
  const third = backlog.admit()
  t.equal(queue.asked.length, 2, 'two were stored, and may be done by now: nobody is refused by that')
  await queue.answer()
  t.equal(await third, undefined)
  backlog.settled()

  queue.waiting = 2
  pass(50)
  const fourth = backlog.admit()
  await queue.answer()
  t.equal(await fourth, 1)
  t.equal(await backlog.admit(), 1)
  t.equal(queue.asked.length, 3, 'while a count is fresh, nobody asks')
  pass(50)
  queue.waiting = 1
  const last = backlog.admit()
  const another = backlog.admit()
  t.equal(queue.asked.length, 4, 'then one asks for all')
  await queue.answer()
  t.strictSame([await last, await another], [undefined, 1], 'and there is room for one')
})

t.test('where there was much room, one is let in without asking, and brings a count along', async t => {
  const { pass } = clock()
  const queue = store(1)
  const backlog = openBacklog(10, queue.count)
  const first = backlog.admit()
  await queue.answer()
  await first
  backlog.settled()
  pass(60_000)
  queue.waiting = 10
  t.equal(await backlog.admit(), undefined, 'nobody waits')
  const rest = [1, 2, 3].map(() => backlog.admit())
  t.equal(queue.asked.length, 2)
  await queue.answer()
  t.strictSame(await Promise.all(rest), [1, 1, 1], 'but others have filled it')

  pass(50)
  queue.waiting = 5
  const half = backlog.admit()
  t.equal(queue.asked.length, 3, 'where there was little room, somebody asks first')
  await queue.answer()
  t.equal(await half, undefined)
})

t.test('a store that does not answer', async t => {
  const { pass } = clock()
  const queue = store(0)
  const backlog = openBacklog(10, queue.count)
  const first = backlog.admit()
  queue.asked[0]?.reject(new Error('away'))
  await t.rejects(first, { message: 'away' })
  const second = backlog.admit()
  await queue.answer()
  t.equal(await second, undefined)
  backlog.settled()
  pass(50)
  t.equal(await backlog.admit(), undefined)
  queue.asked[2]?.reject(new Error('away again'))
  await turn()
  const third = backlog.admit()
  t.equal(queue.asked.length, 4, 'one that went along is asked again')
  await queue.answer()
  t.equal(await third, undefined)
})
