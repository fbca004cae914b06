import t from 'tap'
import { readAnswer } from '../../lib/client/answer.js'
import type { JobsClientError } from '../../lib/client/index.js'
import { job, problem } from './faulty-server.js'

const asked = 'GET /jobs answered so'
const known = { jobId: 'the-job', job: job('pending') }

/** The error that an answer is. */
function errorOf (status: number, body: unknown, about: typeof known | object): JobsClientError {
  try {
    readAnswer(new Response(null, { status }), typeof body === 'string' ? body : JSON.stringify(body), asked, about)
  } catch (error) {
    return error as JobsClientError
  }
  throw new Error('It is no error.')
}

t.test('2xx with JSON is an answer, whatever the JSON', async t => {
  for (const body of [{ a: 1 }, [], 'text', '', 0, false, null]) {
    t.same(readAnswer(new Response(), JSON.stringify(body), asked, known), { status: 200, body, retryAfter: 0, etag: null })
  }
  t.match(readAnswer(new Response(null, { headers: { 'retry-after': '2', etag: '"x"' } }), '{}', asked, known), { retryAfter: 2_000, etag: '"x"' })
})

t.test('2xx without JSON is not', async t => {
  for (const text of ['', '<html>', '{"jobId":']) {
    t.match(errorOf(200, text, known), { name: 'RequestFailedError', status: 200, message: `${asked}: not what this API answers`, problem: undefined, ...known })
  }
})

t.test('how a job ended, whatever the status', async t => {
  const error = { code: 'TOO_LONG', message: 'The text is too long.' }
  for (const status of [404, 409, 410, 422, 503]) {
    for (const about of [known, {}]) {
      const failed = problem(status, 'JOB_FAILED', { error })
      t.match(errorOf(status, failed, about), { name: 'JobFailedError', message: error.message, failure: error, problem: failed, ...about })
    }
  }
  t.match(errorOf(409, problem(409, 'JOB_FAILED'), known), { name: 'JobFailedError', failure: { code: 'JOB_FAILED', message: 'What JOB_FAILED means.' } })
  t.match(errorOf(409, problem(409, 'JOB_CANCELED'), known), { name: 'JobCanceledError', message: 'What JOB_CANCELED means.', ...known })
})

t.test('an unknown or expired job, with a problem or without', async t => {
  t.match(errorOf(404, problem(404, 'JOB_NOT_FOUND'), known), { name: 'JobNotFoundError', message: `${asked}: What JOB_NOT_FOUND means.`, ...known })
  t.match(errorOf(410, problem(410, 'JOB_EXPIRED'), known), { name: 'JobNotFoundError', problem: { code: 'JOB_EXPIRED' } })
  t.match(errorOf(404, { statusCode: 404, code: 'JOB_NOT_FOUND', error: 'Not Found', message: 'No.' }, known), { name: 'JobNotFoundError', problem: undefined })
})

t.test('where there is no job yet, 404 is a wrong address', async t => {
  t.match(errorOf(404, 'Cannot POST', {}), { name: 'RequestFailedError', status: 404, jobId: undefined })
})

t.test('an input that is refused', async t => {
  const issues = [{ pointer: '/text', detail: 'must be string' }]
  t.match(errorOf(400, problem(400, 'INPUT_INVALID', { issues }), {}), { name: 'InputInvalidError', issues, message: `${asked}: What INPUT_INVALID means.` })
  for (const status of [400, 413, 415, 422]) {
    t.match(errorOf(status, '<html>', {}), { name: 'InputInvalidError', issues: [] })
    t.match(errorOf(status, '<html>', known), { name: 'RequestFailedError', status }, 'there is no input in a question')
  }
})

t.test('anything else', async t => {
  for (const status of [401, 403, 409, 429, 500, 503]) {
    t.match(errorOf(status, problem(status, 'OTHER'), known), { name: 'RequestFailedError', status, problem: { code: 'OTHER' }, ...known })
  }
})

t.test('what the host, or something before it, says', async t => {
  const notOurs = `${asked}: not what this API answers`
  const long = 'x'.repeat(10_000)
  const bodies: Array<[body: unknown, message: string]> = [
    [{ statusCode: 401, error: 'Unauthorized', message: 'The token is too old.' }, `${asked}: The token is too old.`],
    [{ title: 'Payment Required', detail: 'Your plan is used up.' }, `${asked}: Your plan is used up.`],
    [{ error: { code: 'no_key', message: 'No key was sent.' } }, `${asked}: No key was sent.`],
    [{ error: 'invalid_token' }, `${asked}: invalid_token`],
    ['Please log in.', `${asked}: Please log in.`],
    [long, `${asked}: ${long.slice(0, 500)}`],
    [{ message: '' }, notOurs],
    [{ message: { de: 'Nein.' } }, notOurs],
    ['<html><h1>401</h1>', notOurs],
    ['\n  <html>', notOurs],
    ['', notOurs],
    ['{"message":', `${asked}: {"message":`],
    [null, notOurs],
    [[], notOurs],
    [5, notOurs]
  ]
  for (const [body, message] of bodies) {
    for (const status of [400, 401, 402, 403]) {
      for (const about of [known, {}]) {
        const error = errorOf(status, body, about)
        t.match(error, { message, status, body, problem: undefined }, `${status} ${JSON.stringify(body)?.slice(0, 50)}`)
        t.equal(error.name, status === 400 && about !== known ? 'InputInvalidError' : 'RequestFailedError')
      }
    }
  }
})

t.test('a result that is not there yet', async t => {
  const early = problem(409, 'JOB_NOT_FINISHED')
  t.match(errorOf(409, early, known), { name: 'JobNotFinishedError', message: /What JOB_NOT_FINISHED means\. wait\(\)/, problem: early, status: 409, ...known })
})

t.test('what only looks like a problem is none', async t => {
  for (const body of [null, 'JOB_FAILED', [], { code: 'JOB_FAILED' }, { code: 7, detail: 'x' }, { detail: 'x' }]) {
    t.match(errorOf(409, body, known), { name: 'RequestFailedError', problem: undefined })
  }
})
