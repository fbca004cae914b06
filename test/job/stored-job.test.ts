import t from 'tap'
import { readable, toStoredOptions, type StoredJob } from '../../lib/job/stored-job.js'

const nothing = { attempts: undefined, delay: undefined, removeOnComplete: undefined, removeOnFail: undefined, startBy: undefined }

t.test('the options that a client\'s view depends on, whatever stands there', async t => {
  const cases: Array<[stored: unknown, options: object]> = [
    [undefined, {}], [null, {}], [5, {}], ['text', {}], [[], {}], [{}, {}],
    [{ attempts: 3, delay: 10, startBy: 5, removeOnComplete: { age: 1 }, removeOnFail: true, owner: 'alice' }, { attempts: 3, delay: 10, startBy: 5, removeOnComplete: { age: 1 }, removeOnFail: true }],
    [{ attempts: '3', delay: null, startBy: Infinity }, {}],
    [{ attempts: NaN, delay: {}, startBy: [5] }, {}]
  ]
  for (const [stored, options] of cases) t.strictSame(toStoredOptions(stored), { ...nothing, ...options }, JSON.stringify(stored))
})

t.test('what is no job', async t => {
  const job = { state: 'waiting' } as StoredJob
  t.equal(readable(job), job)
  t.equal(readable({ state: 'unreadable', reason: 'its timestamp is no number' }), undefined)
  t.equal(readable(undefined), undefined)
})
