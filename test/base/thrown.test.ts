import t from 'tap'
import { JobError } from '../../lib/base/errors.js'
import { isError, readPlain, readThrown, toError, type Thrown } from '../../lib/base/thrown.js'
import { ODD_ERRORS, ODD_JOB_ERRORS } from '../helpers/odd-errors.js'

t.test('an error is read in all it says', async t => {
  const cause = new TypeError('inner')
  const error = new RangeError('outer', { cause })
  t.strictSame(readThrown(error), {
    name: 'RangeError', message: 'outer', stack: error.stack, cause: { name: 'TypeError', message: 'inner', stack: cause.stack }
  })
  const jobError = new JobError('BUSY', 'Busy', { data: { a: 1 }, status: 429, retryable: true })
  t.match(readThrown(jobError), { name: 'JobError', message: 'Busy', jobError: { code: 'BUSY', data: { a: 1 }, status: 429, retryable: true } })
})

t.test('whatever was thrown', async t => {
  for (const [name, [make, message]] of Object.entries(ODD_ERRORS)) {
    const read = readThrown(make())
    t.match(read, { message: message === 'silent' ? /silent/ : message, name: String }, name)
    t.ok(depthOf(read) <= 11, name)
  }
})

t.test('a JobError is known, however odd it is', async t => {
  for (const [name, make] of Object.entries(ODD_JOB_ERRORS)) {
    t.match(readThrown(make()), { message: 'There is no text', jobError: { code: 'NO_TEXT', status: 422, retryable: false } }, name)
  }
  t.match(readThrown(Object.assign(new JobError('A', 'b'), { code: 5, status: '404', retryable: 1 })), { jobError: { code: '5', status: undefined, retryable: true } })
})

t.test('an error again', async t => {
  const error = new SyntaxError('outer', { cause: new JobError('INNER', 'inner', { data: 1, status: 404, retryable: true }) })
  const again = toError(readThrown(error))
  t.match(again, { name: 'SyntaxError', message: 'outer', stack: error.stack })
  t.ok(again instanceof SyntaxError)
  t.ok(again.cause instanceof JobError)
  t.match(again.cause, { code: 'INNER', data: 1, status: 404, retryable: true })
  t.match(toError({ name: 'constructor', message: 'a name that objects have' }), { name: 'Error', stack: String })
  let deep: Thrown = { name: 'Error', message: 'the last' }
  for (let n = 0; n < 100_000; n++) deep = { name: 'Error', message: '', cause: deep }
  t.ok(depthOf(toError(deep)) <= 11, 'with so many causes at most')
})

t.test('what is an error', async t => {
  t.ok(isError(new TypeError()))
  t.ok(isError(Object.setPrototypeOf(new Error(), null)), 'also one of another realm')
  for (const none of [undefined, null, 'Error', { message: 'a', stack: 'b' }]) t.notOk(isError(none))
})

/** What arrives on the other side. */
const across = (thrown: unknown): Error & { code?: string } => toError(JSON.parse(JSON.stringify(readPlain(thrown))) as never)

t.test('an error crosses the border with its stack and its causes', async t => {
  const thrown = new TypeError('outer', { cause: new Error('inner', { cause: 'text' }) })
  t.match(across(thrown), { name: 'TypeError', message: 'outer', stack: thrown.stack, cause: { message: 'inner', cause: { message: 'text' } } })
  const bare = Object.assign(new Error('without a stack'), { stack: undefined })
  t.match(across(bare), { message: 'without a stack', stack: String })
})

t.test('a JobError stays one, in all it says', async t => {
  const cause = new Error('why')
  const arrived = across(new JobError('BUSY', 'Busy', { data: { until: 5 }, status: 429, retryable: true, cause }))
  t.ok(arrived instanceof JobError)
  t.match(arrived, { code: 'BUSY', message: 'Busy', data: { until: 5 }, status: 429, retryable: true, cause: { message: 'why' } })
  t.match(across(new JobError('BUSY', 'Busy')), { data: undefined, status: undefined, retryable: false })
})

t.test('data that is not JSON does not hide it', async t => {
  t.match(across(new JobError('BUSY', 'Busy', { data: 1n })), { code: 'BUSY', data: '1n' })
  const inner = new JobError('INNER', 'inside', { data: 2n })
  t.match(across(new JobError('BUSY', 'Busy', { cause: inner })), { code: 'BUSY', cause: { code: 'INNER', data: '2n' } }, 'also of a cause')
})

function depthOf (thrown: { cause?: unknown }): number {
  let depth = 1
  for (let { cause } = thrown; cause !== undefined; cause = (cause as Thrown).cause) depth++
  return depth
}
