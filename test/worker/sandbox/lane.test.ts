import t from 'tap'
import { createLane, type Lane } from '../../../lib/worker/sandbox/lane.js'
import { createPost } from '../../../lib/worker/sandbox/post.js'
import { startClock } from '../../helpers/clock.js'

interface TestLane {
  lane: Lane
  sent: string[]
  settled: string[]
  /** Has something to send. */
  push (what: string): void
  /** The worker has done with a message. */
  done (id: number): void
}

function open (): TestLane {
  const waiting: string[] = []
  const sent: string[] = []
  const settled: string[] = []
  const post = createPost(text => { sent.push(text) })
  const lane = createLane(post, () => {
    const what = waiting.shift()
    return what === undefined ? undefined : { toText: id => `${id} ${what}`, settled () { settled.push(what) } }
  })
  return { lane, sent, settled, push (what) { waiting.push(what); lane.wake() }, done (id) { post.done(id, {}) } }
}

/** Whether a promise is settled by now. */
async function isSettled (promise: Promise<unknown>): Promise<boolean> {
  let settled = false
  void promise.then(() => { settled = true })
  for (let turn = 0; turn < 10; turn++) await Promise.resolve()
  return settled
}

t.test('one message is under way at a time', async t => {
  startClock(t)
  const { sent, settled, push, done } = open()
  push('a')
  push('b')
  push('c')
  t.strictSame(sent, ['0 a'])
  done(0)
  t.strictSame([sent, settled], [['0 a', '1 b'], ['a']])
  done(1)
  done(2)
  t.strictSame([sent, settled], [['0 a', '1 b', '2 c'], ['a', 'b', 'c']])
})

t.test('is empty when the worker has done with all', async t => {
  startClock(t)
  const { lane, push, done } = open()
  t.ok(await isSettled(lane.empty()), 'at first')
  push('a')
  push('b')
  const empty = [lane.empty(), lane.empty()]
  done(0)
  t.notOk(await isSettled(Promise.race(empty)))
  done(1)
  await Promise.all(empty)
})

t.test('a processor that hears nothing is seen all the same, ever more seldom', async t => {
  const clock = startClock(t)
  const { sent, push, done } = open()
  const times: number[] = []
  for (let ms = 0; ms < 30_000; ms += 50) {
    const before = sent.length
    push('a')
    if (sent.length > before) times.push(ms)
    await clock.tick(50)
  }
  t.strictSame(times, [0, 250, 750, 1_750, 3_750, 7_750, 12_750, 17_750, 22_750, 27_750])
  for (let id = 0; id < 9; id++) done(id)
  t.equal(sent.length, 10, 'until it has heard of all')
  done(9)
  t.equal(sent.length, 11)
})

t.test('after its end it sends nothing, and waits for nothing', async t => {
  startClock(t)
  const { lane, sent, settled, push, done } = open()
  push('a')
  push('b')
  const empty = lane.empty()
  lane.end()
  await empty
  push('c')
  done(0)
  t.strictSame([sent, settled], [['0 a'], ['a']])
  await lane.empty()
})
