import t from 'tap'
import { BY_CANCEL, BY_EXPIRY, canceledError, expiredError, isCanceled, wasRunning } from '../../lib/job/ending.js'
import { JobError } from '../../lib/base/errors.js'
import { fromFailedReason, toFailedReason } from '../../lib/job/failure.js'

t.test('what is stored of a job that was canceled', async t => {
  t.ok(isCanceled(BY_CANCEL.pending) && isCanceled(BY_CANCEL.running))
  t.notOk(wasRunning(BY_CANCEL.pending))
  t.ok(wasRunning(BY_CANCEL.running))
  t.match(fromFailedReason(BY_CANCEL.pending), { code: 'CANCELED', message: 'The job was canceled.' })
})

t.test('what is stored of a job that was not begun in time', async t => {
  t.strictSame(fromFailedReason(BY_EXPIRY.pending), { code: 'EXPIRED', message: 'The job was not started in time.' })
  t.notOk('running' in BY_EXPIRY, 'one that runs goes on')
})

t.test('both are final at once', async t => {
  for (const error of [canceledError(), expiredError()]) t.match(error, { name: 'JobError', retryable: false })
})

t.test('what others have stored', async t => {
  for (const reason of [undefined, '', 'CANCELED', 'JobError {"code":"canceled","message":""}', BY_EXPIRY.pending]) t.notOk(isCanceled(reason), String(reason))
  for (const data of [undefined, null, 'running', true, {}, ['running']]) t.notOk(wasRunning(toFailedReason(new JobError('CANCELED', '', { data }))))
})
