import t from 'tap'
import { fingerprint, fromEventId, START, toEventId } from '../../lib/events/event-id.js'
import type { StoredJob } from '../../lib/job/stored-job.js'

const stored: StoredJob = { state: 'active', timestamp: 1, attemptsMade: 0, opts: {}, progress: 5, logs: 3, readAt: 5 }

t.test('a position survives the way to the client and back', async t => {
  for (const position of [START, { chunks: 3, seen: '' }, { chunks: 0, seen: 'aB3-_xyz' }, { chunks: 2, seen: fingerprint(stored) }]) {
    t.strictSame(fromEventId('a', toEventId('a', position), stored), position)
  }
})

t.test('an id from nowhere is the start', async t => {
  const own = toEventId('a', { chunks: 3, seen: 'aB3dE5fG' })
  const ids = [
    undefined, '', '.', '1', '1.', 'x.aB3dE5fG', '-1.aB3dE5fG', '1.5.aB3dE5fG', '0.aB3dE5fGh', '0.aB3 E5fG', '1234567890.aB3dE5fG', '1700000000000-0', '3.zzzzzzzz', '3.aB3dE5fG', '3.zzzzzzzz.0', '3.aB3dE5fG.0',
    ` ${own}`, `${own}\n`, `0${own}`, `${own}0`, own.slice(0, -1), own.replace('3.', '2.'), own.replace('aB3dE5fG', 'aB3dE5fH'),
    toEventId('b', { chunks: 3, seen: 'aB3dE5fG' }), toEventId('a', { chunks: 4, seen: 'aB3dE5fG' })
  ]
  for (const id of ids) t.strictSame(fromEventId('a', id, stored), START, String(id))
})

t.test('the fingerprint differs where watchers see a change, and only there', async t => {
  const before = fingerprint(stored)
  t.match(before, /^[\w-]{8}$/)
  const changes: Array<Partial<StoredJob>> = [
    { state: 'completed' }, { attemptsMade: 1 }, { processedOn: 2 }, { finishedOn: 2 }, { delayedUntil: 2 }, { progress: 6 }, { progress: { percent: 5, message: '' } }, { failedReason: 'x' }
  ]
  const seen = new Set([before, ...changes.map(change => fingerprint({ ...stored, ...change }))])
  t.equal(seen.size, changes.length + 1)
  for (const same of [{}, { logs: 4 }, { output: { text: '"secret"', checked: true } }, { opts: { attempts: 5 } }]) t.equal(fingerprint({ ...stored, ...same }), before)
})
