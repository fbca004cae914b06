import t from 'tap'
import * as client from '../../lib/client/index.js'
import type { AnyJobsClientError, JobsClientError } from '../../lib/client/index.js'
import { job, problem } from './faulty-server.js'

const failure = { code: 'TOO_LONG', message: 'The text is too long.', data: { limit: 5 } }
const issues = [{ pointer: '/text', detail: 'must be string' }]
const known = { jobId: 'the-job', job: job('in_progress'), problem: problem(400, 'INPUT_INVALID', { issues }) }

const all: Array<{ error: AnyJobsClientError, guard: (error: unknown) => boolean, code: string, own?: object }> = [
  { error: new client.JobFailedError(failure, known), guard: client.isJobFailedError, code: 'JOB_FAILED', own: { failure, message: failure.message } },
  { error: new client.JobCanceledError('Because.', known), guard: client.isJobCanceledError, code: 'JOB_CANCELED' },
  { error: new client.JobNotFinishedError('Because.', known), guard: client.isJobNotFinishedError, code: 'JOB_NOT_FINISHED' },
  { error: new client.JobNotFoundError('Because.', known), guard: client.isJobNotFoundError, code: 'JOB_NOT_FOUND' },
  { error: new client.InputInvalidError('Because.', known), guard: client.isInputInvalidError, code: 'INPUT_INVALID', own: { issues } },
  { error: new client.RequestFailedError('Because.', { ...known, status: 500, body: 'no' }), guard: client.isRequestFailedError, code: 'REQUEST_FAILED', own: { status: 500, body: 'no' } },
  { error: new client.NetworkError('Because.', { ...known, cause: 'a cable' }), guard: client.isNetworkError, code: 'NETWORK_ERROR', own: { cause: 'a cable' } },
  { error: new client.WaitTimeoutError('Because.', known), guard: client.isWaitTimeoutError, code: 'WAIT_TIMEOUT' },
  { error: new client.OptionInvalidError('Because.', known), guard: client.isOptionInvalidError, code: 'OPTION_INVALID' }
]

for (const { error, guard, code, own } of all) {
  t.test(`${error.name}: its fields, its guard`, async t => {
    t.type(error, Error)
    t.type(error, client.JobsClientError)
    t.match(error, { name: error.constructor.name, code, message: 'Because.', ...known, ...own })
    t.equal('cause' in error, error.code === 'NETWORK_ERROR')

    t.same(all.filter(({ guard }) => guard(error)).map(({ guard }) => guard), [guard])
    t.ok(client.isJobsClientError(error))
  })
}

t.test('guards know the errors of another copy of the package', async t => {
  const copy = '../../lib/client/errors.js?copy'
  const other = await import(copy) as typeof import('../../lib/client/errors.js')
  t.notOk(new other.NetworkError('Because.', {}) instanceof client.NetworkError)
  t.ok(client.isNetworkError(new other.NetworkError('Because.', {})))
  t.ok(client.isJobsClientError(new other.NetworkError('Because.', {})))
})

t.test('guards refuse what only looks alike', async t => {
  const serverSide = Object.assign(new Error('failed'), { name: 'FastifyError', code: 'JOB_FAILED' })
  for (const other of [undefined, null, 'JOB_FAILED', 0, {}, new Error('x'), new DOMException('x', 'NetworkError'), new DOMException('x', 'AbortError'), serverSide]) {
    t.notOk(client.isJobsClientError(other), String(other))
  }
})

t.test('without details, the fields are there and undefined', async t => {
  const error: JobsClientError = new client.InputInvalidError('Because.', {})
  t.match(error, { jobId: undefined, job: undefined, problem: undefined, status: undefined, body: undefined, issues: [] })
})

t.test('a job that failed without a word', async t => {
  t.match(new client.JobFailedError(undefined, known), { message: 'What INPUT_INVALID means.', failure: { code: 'JOB_FAILED' } })
  t.match(new client.JobFailedError(undefined, {}), { message: 'The job failed.', failure: { code: 'JOB_FAILED', message: 'The job failed.' } })
})

t.test('what the client remembers of the job for itself is not told', async t => {
  t.notOk('askAt' in new client.NetworkError('Because.', { jobId: 'the-job', askAt: 1 }))
})
