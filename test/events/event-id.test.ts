import t from 'tap'
import { fingerprint, fromEventId, START, toEventId } from '../../lib/events/event-id.js'
import type { StoredJob } from '../../lib/stored-job.js'

const stored: StoredJob = { state: 'active', timestamp: 1, attemptsMade: 0, opts: {}, progress: 5, logs: 3, readAt: 5 }

t.test('a position survives the way to the client and back', async t => {
  for (const position of [START, { chunks: 3, seen: '' }, { chunks: 0, seen: 'aB3-_xyz' }, { chunks: 2, seen: fingerprint(stored) }]) {
    t.strictSame(fromEventId(toEventId(position), stored), position)
  }
})

t.test('an id from nowhere is the start', async t => {
  const ids = [undefined, '', '.', '1', '1.', 'x.aB3dE5fG', '-1.aB3dE5fG', '1.5.aB3dE5fG', '0.aB3dE5fGh', '0.aB3 E5fG', '4.aB3dE5fG', '1234567890.aB3dE5fG', '1700000000000-0', ' 0.aB3dE5fG', '0.aB3dE5fG\n']
  for (const id of ids) t.strictSame(fromEventId(id, stored), id === '1.' ? { chunks: 1, seen: '' } : START, String(id))
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
