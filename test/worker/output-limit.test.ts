import t from 'tap'
import { createOutputLimit } from '../../lib/worker/output-limit.js'

const tooLarge = { name: 'JobError', code: 'OUTPUT_TOO_LARGE', message: 'The job wrote more partial output than it may.', retryable: false }

t.test('so many chunks', async t => {
  const limit = createOutputLimit({ maxOutputChunks: 2, maxOutputBytes: 100 })
  t.notOk(limit.isReached)
  t.equal(limit.admit('"ä"'), 4, 'in UTF-8')
  limit.admit('1')
  t.ok(limit.isReached)
  t.throws(() => limit.admit('1'), tooLarge)
})

t.test('so many bytes, and what was refused leaves room for others', async t => {
  const limit = createOutputLimit({ maxOutputChunks: 100, maxOutputBytes: 6 })
  limit.admit('"äb"')
  t.throws(() => limit.admit('22'), tooLarge)
  t.notOk(limit.isReached)
  t.equal(limit.admit('1'), 1)
})
