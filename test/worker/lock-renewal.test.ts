import t, { type Test } from 'tap'
import { keepLocks, type LockRenewal } from '../../lib/worker/lock-renewal.js'
import { latch } from '../helpers/latch.js'

type Extend = LockRenewal['worker']['extendJobLocks']

function renewal (t: Test, locks: Array<[string, string]>, extendJobLocks: Extend, on: Partial<LockRenewal> = {}): void {
  t.teardown(keepLocks({
    worker: { extendJobLocks }, lockDuration: 40, locks: () => [...locks], onLost () {}, onError () {}, ...on
  }))
}

t.test('renews all locks with one command, again and again', async t => {
  const done = latch()
  const calls: unknown[] = []
  renewal(t, [['a', '1'], ['b', '2']], async (...args) => { if (calls.push(args) === 3) done.open(); return [] }, { onLost: () => { t.fail('none is lost') } })
  await done.promise
  t.strictSame(calls, Array(3).fill([['a', 'b'], ['1', '2'], 40]))
})

t.test('asks for nothing while nothing runs', async t => {
  const done = latch()
  let asked = 0
  renewal(t, [], async () => { t.fail('it asked'); return [] }, { locks: () => { if (++asked === 3) done.open(); return [] } })
  await done.promise
})

t.test('tells which are lost, of those that still run', async t => {
  const locks: Array<[string, string]> = [['lost', '1'], ['ended', '1'], ['back', '1'], ['kept', '1']]
  const told: string[] = []
  const done = latch()
  let calls = 0
  renewal(t, locks, async () => {
    if (++calls === 2) { done.open(); return [] }
    locks.splice(1, 2, ['back', '2'])
    return ['lost', 'ended', 'back']
  }, { onLost: jobId => { told.push(jobId) } })
  await done.promise
  t.strictSame(told, ['lost'])
})

t.test('one renewal waits for a store that is away, and its failure is no end', async t => {
  const store = latch()
  const waited = latch()
  const failed = latch<unknown>()
  const again = latch()
  let calls = 0
  let asked = 0
  renewal(t, [], async () => {
    if (++calls > 1) { again.open(); return [] }
    await store.promise
    throw new Error('the store is away')
  }, { locks: () => { if (++asked === 3) waited.open(); return [['a', '1']] }, onError: error => { failed.open(error) } })
  await waited.promise
  t.equal(calls, 1)
  store.open()
  t.match(await failed.promise, { message: 'the store is away' })
  await again.promise
})
