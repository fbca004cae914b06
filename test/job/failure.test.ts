import t from 'tap'
import { UnrecoverableError } from 'bullmq'
import { JobError } from '../../lib/base/errors.js'
import { fromFailedReason, publicFailure, toFailedReason } from '../../lib/job/failure.js'

const PROCESSOR_ERROR = { code: 'PROCESSOR_ERROR', message: 'The job failed for an internal reason.' }
const STALLED = { code: 'STALLED', message: 'The worker that ran the job died, more often than is allowed.' }
const STALLED_REASON = 'job stalled more than allowable limit'
const FORGED = 'JobError {"code":"FORGED","message":"forged"}'

const circular: { self?: object } = {}
circular.self = circular

t.test('a JobError comes back as it was thrown', async t => {
  const cases: Array<[thrown: JobError, stored: object]> = [
    [new JobError('TOO_LONG', 'The text is too long.'), { code: 'TOO_LONG', message: 'The text is too long.' }],
    [new JobError('TOO_LONG', 'Too long', { data: { limit: 5, at: [1, null] }, status: 422 }), { code: 'TOO_LONG', message: 'Too long', data: { limit: 5, at: [1, null] }, status: 422 }],
    [new JobError('TOO_LONG', 'Too long', { data: null }), { code: 'TOO_LONG', message: 'Too long', data: null }],
    [new JobError('TOO_LONG', 'Too long', { data: new Date(0) }), { code: 'TOO_LONG', message: 'Too long', data: '1970-01-01T00:00:00.000Z' }],
    [new JobError('TOO_LONG', 'Too long', { retryable: true, cause: new Error('secret') }), { code: 'TOO_LONG', message: 'Too long' }],
    [new JobError('', ''), { code: '', message: '' }],
    [new JobError('CODE', FORGED), { code: 'CODE', message: FORGED }],
    [new JobError('ÜBER', '"quoted"\n\u2028 — \u0000 \ud800'), { code: 'ÜBER', message: '"quoted"\n\u2028 — \u0000 \ud800' }]
  ]
  for (const [thrown, stored] of cases) t.strictSame(fromFailedReason(toFailedReason(thrown)), stored)
})

t.test('data that is not JSON does not hide the error it came with', async t => {
  for (const data of [1n, circular, { toJSON () { throw new Error('no') } }, () => {}, Symbol('a'), undefined]) {
    t.strictSame(fromFailedReason(toFailedReason(new JobError('CODE', 'message', { data, status: 410 }))), { code: 'CODE', message: 'message', status: 410 })
  }
})

t.test('texts without end are shortened', async t => {
  const long = 'x'.repeat(10_000_000)
  t.equal(toFailedReason(new Error(long)), `${'x'.repeat(8_192)}… (9991808 characters more)`)
  t.equal(toFailedReason(long), toFailedReason(new Error(long)))
  const failure = fromFailedReason(toFailedReason(new JobError(long, long, { data: { limit: 5 }, status: 422 })))
  t.strictSame(failure, { code: `${'x'.repeat(256)}… (9999744 characters more)`, message: `${'x'.repeat(8_192)}… (9991808 characters more)`, data: { limit: 5 }, status: 422 })
})

t.test('data that is too long is left out', async t => {
  const stored = (length: number): object => fromFailedReason(toFailedReason(new JobError('CODE', 'message', { data: 'x'.repeat(length) })))
  t.match(stored(16_000), { data: /^x{16000}$/ })
  t.strictSame(stored(17_000), { code: 'CODE', message: 'message' })
})

t.test('only a status of an error is kept', async t => {
  for (const status of [400, 499, 500, 599]) t.equal(fromFailedReason(toFailedReason(new JobError('CODE', 'message', { status }))).status, status)
  for (const status of [200, 302, 399, 600, 0, -1, 422.5, NaN, '422', null]) {
    t.strictSame(fromFailedReason(toFailedReason(new JobError('CODE', 'message', { status: status as number }))), { code: 'CODE', message: 'message' }, String(status))
  }
})

t.test('any other error keeps its message for the log, and shows nothing of it', async t => {
  const cases: Array<[thrown: unknown, reason: string]> = [
    [new Error('connect ECONNREFUSED 10.0.0.1:5432'), 'connect ECONNREFUSED 10.0.0.1:5432'],
    [new TypeError(''), ''],
    [new UnrecoverableError('broken'), 'broken'],
    [Object.assign(new Error('message'), { message: 42 }), '42'],
    [Object.assign(new Error('message'), { message: undefined }), 'undefined'],
    [Object.assign(new Error('secret'), { name: 'JobError', code: 'FORGED' }), 'secret'],
    ['a string', 'a string'],
    ['', ''],
    [undefined, 'undefined'],
    [null, 'null'],
    [42, '42'],
    [1n, '1n'],
    [Symbol('a'), 'Symbol(a)'],
    [{ code: 'FORGED', message: 'forged' }, '{ code: \'FORGED\', message: \'forged\' }'],
    [Object.assign(Object.create(null) as object, { a: 1 }), '[Object: null prototype] { a: 1 }'],
    [circular, '<ref *1> { self: [Circular *1] }'],
    [{ toString () { throw new Error('no') } }, '{ toString: [Function: toString] }']
  ]
  for (const [thrown, reason] of cases) {
    t.equal(toFailedReason(thrown), reason)
    t.strictSame(fromFailedReason(reason), PROCESSOR_ERROR)
  }
})

t.test('what merely reads like a failure with a meaning has none', async t => {
  class JobErrorOfAnother { code = 'FORGED' }
  Object.defineProperty(JobErrorOfAnother, 'name', { value: 'JobError' })
  const cases: Array<[thrown: unknown, reason: string]> = [
    [new Error(FORGED), `Error: ${FORGED}`],
    [FORGED, `Error: ${FORGED}`],
    [new Error('JobError of another library'), 'Error: JobError of another library'],
    [new JobErrorOfAnother(), 'Error: JobError { code: \'FORGED\' }'],
    [new Error(STALLED_REASON), `Error: ${STALLED_REASON}`],
    [new Error('bullmq:movedToDelayed'), 'Error: bullmq:movedToDelayed']
  ]
  for (const [thrown, reason] of cases) {
    t.equal(toFailedReason(thrown), reason)
    t.strictSame(fromFailedReason(reason), PROCESSOR_ERROR)
  }
})

t.test('a job that lost its worker too often', async t => {
  t.strictSame(fromFailedReason(STALLED_REASON), STALLED)
})

t.test('what others have stored', async t => {
  const cases: Array<[reason: string | undefined, failure: object]> = [
    [undefined, PROCESSOR_ERROR],
    ['', PROCESSOR_ERROR],
    ['JobError', PROCESSOR_ERROR],
    ['JobError ', PROCESSOR_ERROR],
    ['JobError {"code":"A","message":', PROCESSOR_ERROR],
    ['JobError {"code":"A","message":"b"} and more', PROCESSOR_ERROR],
    ['JobError null', PROCESSOR_ERROR],
    ['JobError "A"', PROCESSOR_ERROR],
    ['JobError []', PROCESSOR_ERROR],
    ['JobError {}', PROCESSOR_ERROR],
    ['JobError {"code":"A"}', PROCESSOR_ERROR],
    ['JobError {"message":"b"}', PROCESSOR_ERROR],
    ['JobError {"code":1,"message":"b"}', PROCESSOR_ERROR],
    ['JobError {"code":"A","message":null}', PROCESSOR_ERROR],
    [' JobError {"code":"A","message":"b"}', PROCESSOR_ERROR],
    ['JobError {"code":"A","message":"b"}', { code: 'A', message: 'b' }],
    ['JobError {"code":"A","message":"b","data":0,"status":404,"stack":"secret","__proto__":{}}', { code: 'A', message: 'b', data: 0, status: 404 }]
  ]
  for (const [reason, failure] of cases) t.strictSame(fromFailedReason(reason), failure, String(reason))
})

t.test('clients see code, message and data, and nothing else', async t => {
  t.strictSame(publicFailure({ code: 'A', message: 'b', data: { c: 1 }, status: 422 }), { code: 'A', message: 'b', data: { c: 1 } })
  t.strictSame(publicFailure({ code: 'A', message: 'b', status: 422 }), { code: 'A', message: 'b' })
  t.strictSame(publicFailure({ code: 'A', message: 'b', data: null }), { code: 'A', message: 'b', data: null })
})
