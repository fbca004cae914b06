import t from 'tap'
import { JobError } from '../../lib/errors.js'
import { asError, jsonOrText, toError, toFailure } from '../../lib/worker/sandbox-failure.js'

/** What arrives on the other side: both kinds of sandbox pass on at least JSON. */
const across = (thrown: unknown): Error & { code?: string } => toError(JSON.parse(JSON.stringify(toFailure(thrown))) as never)

t.test('an error crosses the border with its stack and its causes', async t => {
  const thrown = new TypeError('outer', { cause: new Error('inner', { cause: 'text' }) })
  t.match(across(thrown), { name: 'Error', message: 'outer', stack: thrown.stack, cause: { message: 'inner', cause: { message: 'text' } } })
  const bare = Object.assign(new Error('without a stack'), { stack: undefined })
  t.match(across(bare), { message: 'without a stack', stack: String })
})

t.test('a JobError stays one, in all it says', async t => {
  const cause = new Error('why')
  const arrived = across(new JobError('BUSY', 'Busy', { data: { until: 5 }, status: 429, retryable: true, cause }))
  t.ok(arrived instanceof JobError)
  t.match(arrived, { code: 'BUSY', message: 'Busy', data: { until: 5 }, status: 429, retryable: true, cause: { message: 'why' } })
  t.match(across(new JobError('BUSY', 'Busy')), { data: undefined, status: undefined, retryable: false })
  t.match(across(new JobError('BUSY', 'Busy', { data: 1n })), { code: 'BUSY', data: '1n' }, 'data that is not JSON does not hide it')
})

t.test('what is no error becomes one', async t => {
  t.equal(asError('just text').message, 'just text')
  t.equal(asError({ no: 'error' }).message, '{ no: \'error\' }')
  t.equal(asError(undefined).message, 'undefined')
})

t.test('what is not JSON is told as text', async t => {
  t.strictSame(jsonOrText({ at: new Date(0) }), { at: '1970-01-01T00:00:00.000Z' })
  t.equal(jsonOrText(1n), '1n')
  t.equal(jsonOrText(undefined), 'undefined')
})
