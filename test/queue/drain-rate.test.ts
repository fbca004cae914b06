import t from 'tap'
import { measureDrain } from '../../lib/queue/drain-rate.js'

t.test('as long as nothing is known, everybody comes again soon', async t => {
  const drain = measureDrain(100)
  t.strictSame([drain.secondsToRoom(0), drain.secondsToRoom(0)], [1, 1])
  drain.counted(100, 0, 0)
  drain.counted(90, 0, 999)
  t.equal(drain.secondsToRoom(999), 1, 'nor is the rate over less than a second')
})

t.test('each is told the next place, by the rate at which there is room', async t => {
  const drain = measureDrain(100)
  drain.counted(100, 0, 0)
  // 8 of those that waited are gone, and the 2 that were submitted meanwhile.
  drain.counted(92, 2, 2_000)
  t.strictSame([1, 2, 3, 4, 5, 6].map(() => drain.secondsToRoom(2_000)), [1, 1, 1, 1, 1, 2], 'five a second')
  t.equal(drain.secondsToRoom(10_000), 1, 'places that are past are nobody\'s any more')
  drain.counted(98, 9, 3_000)
  t.strictSame([1, 2, 3, 4].map(() => drain.secondsToRoom(20_000)), [1, 1, 1, 2], 'the rate follows what is measured: (5 + 1) / 2')
})

t.test('nor later than a full queue has drained, however often somebody asks', async t => {
  const drain = measureDrain(20)
  drain.counted(20, 0, 0)
  drain.counted(10, 0, 1_000)
  for (let asked = 0; asked < 1_000; asked++) drain.secondsToRoom(1_000)
  t.equal(drain.secondsToRoom(1_000), 2, 'ten a second')
})

t.test('nobody is told to come after more than a minute', async t => {
  const stuck = measureDrain(10)
  stuck.counted(10, 0, 0)
  stuck.counted(10, 0, 1_000)
  t.equal(stuck.secondsToRoom(1_000), 60)
  const slow = measureDrain(10)
  slow.counted(10, 0, 0)
  slow.counted(9, 0, 50_000)
  t.strictSame([slow.secondsToRoom(50_000), slow.secondsToRoom(50_000)], [50, 60])
  slow.counted(14, 0, 52_000)
  t.equal(slow.secondsToRoom(120_000), 60, 'what others submitted is no drain below zero')
})

t.test('a queue that is not full says nothing of how fast it could be', async t => {
  const drain = measureDrain(100)
  drain.counted(100, 0, 0)
  drain.counted(49, 0, 100)
  drain.counted(60, 20, 5_000)
  drain.counted(60, 20, 5_500)
  t.equal(drain.secondsToRoom(5_500), 1)
  drain.counted(55, 20, 7_000)
  t.strictSame([1, 2, 3].map(() => drain.secondsToRoom(7_000)), [1, 1, 2], 'measured from 5,000 on: 2.5 a second')
})
