import t from 'tap'
import { CANCELED, isElsewhere, LOCK_LOST, WORKER_CLOSING } from '../../lib/worker/stop-reasons.js'

t.test('whose job is not this worker\'s any more', async t => {
  t.ok(isElsewhere(CANCELED))
  t.ok(isElsewhere(LOCK_LOST))
  t.notOk(isElsewhere(WORKER_CLOSING), 'it is until the worker has put it back')
  t.notOk(isElsewhere(undefined))
})

t.test('processors know a cancel by its code', async t => {
  t.match(CANCELED, { name: 'JobError', code: 'CANCELED' })
})
