import t, { type Test } from 'tap'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyServerOptions, type InjectOptions } from 'fastify'
import { Writable } from 'node:stream'
import {
  AsyncJobsError, InputInvalidError, JobCanceledError, JobError, JobExpiredError, JobFailedError, JobNotFinishedError, JobNotFoundError,
  JobNotRegisteredError, StoreUnavailableError, withDetails
} from '../../lib/base/errors.js'
import { PROBLEM_TYPE, problemFor, sendProblem } from '../../lib/http/problem.js'
import type { Problem } from '../../types/job.js'
import type { Answer } from '../helpers/service.js'

const jobId = '6f1c2b1e-8f0a-4b57-9d3e-2a7c5d4e9f10'
const BODY_LIMIT = 100

/** A bare app whose routes answer what they throw as problems. */
function problemApp (t: Test, options: FastifyServerOptions = {}): FastifyInstance {
  const app = Fastify(options)
  t.teardown(() => app.close())
  app.setErrorHandler(sendProblem)
  app.post('/input', {
    bodyLimit: BODY_LIMIT,
    schema: { body: { type: 'object', properties: { text: { type: 'string', minLength: 1 }, n: { type: 'number' } }, required: ['text'] } }
  }, async () => 'accepted')
  return app
}

/** What an app answers that throws. */
async function answerTo (t: Test, thrown: unknown): Promise<Answer<unknown>> {
  const app = problemApp(t)
  app.get('/', async () => { throw thrown })
  return answer(app, { url: '/' })
}

async function answer (app: FastifyInstance, request: InjectOptions): Promise<Answer<unknown>> {
  const { statusCode, headers, body } = await app.inject(request)
  return { statusCode, headers, body: JSON.parse(body) as unknown }
}

t.test('our errors', async t => {
  const error = { code: 'TOO_LONG', message: 'Too long', data: { limit: 5 } }
  const issues = [{ pointer: '/text', detail: 'must be string' }]
  const cases: Array<[name: string, thrown: Error, problem: Omit<Problem, 'type'>, headers?: Record<string, string>]> = [
    ['JOB_NOT_FOUND', new JobNotFoundError(), { title: 'Not Found', status: 404, detail: 'There is no such job, or it is not yours.', code: 'JOB_NOT_FOUND' }],
    ['JOB_EXPIRED', withDetails(new JobExpiredError('2026-01-01T00:00:00.000Z'), { jobId }), {
      title: 'Gone', status: 410, detail: 'The job and its result were kept until 2026-01-01T00:00:00.000Z. Submit it again.', code: 'JOB_EXPIRED', jobId
    }],
    ['JOB_NOT_FINISHED', withDetails(new JobNotFinishedError('pending'), { jobId, headers: { 'retry-after': '2' } }), {
      title: 'Conflict', status: 409, detail: 'The job is not finished, its status is pending. Ask again after the time that Retry-After tells.', code: 'JOB_NOT_FINISHED', jobId
    }, { 'retry-after': '2' }],
    ['JOB_FAILED', withDetails(new JobFailedError('Too long'), { jobId, error }), {
      title: 'Conflict', status: 409, detail: 'Too long', code: 'JOB_FAILED', jobId, error
    }],
    ['JOB_FAILED with a status of its own', withDetails(Object.assign(new JobFailedError('Too long'), { statusCode: 422 }), { jobId, error }), {
      title: 'Unprocessable Entity', status: 422, detail: 'Too long', code: 'JOB_FAILED', jobId, error
    }],
    ['JOB_FAILED with a status that has no name', Object.assign(new JobFailedError('Too long'), { statusCode: 499 }), { title: 'Error', status: 499, detail: 'Too long', code: 'JOB_FAILED' }],
    ['JOB_CANCELED', withDetails(new JobCanceledError(), { jobId }), { title: 'Conflict', status: 409, detail: 'The job was canceled.', code: 'JOB_CANCELED', jobId }],
    ['INPUT_INVALID', withDetails(new InputInvalidError('/text must be string'), { issues }), {
      title: 'Bad Request', status: 400, detail: 'The input is not valid: /text must be string', code: 'INPUT_INVALID', issues
    }],
    ['STORE_UNAVAILABLE', withDetails(new StoreUnavailableError(), { headers: { 'retry-after': '1' } }), {
      title: 'Service Unavailable', status: 503, detail: 'The job store cannot be reached. Try again shortly.', code: 'STORE_UNAVAILABLE'
    }, { 'retry-after': '1' }]
  ]
  for (const [name, thrown, problem, expected = {}] of cases) {
    const { statusCode, headers, body } = await answerTo(t, thrown)
    t.strictSame(body, { type: 'about:blank', ...problem }, name)
    t.equal(statusCode, problem.status)
    const { connection: _connection, date: _date, 'content-length': _length, ...ours } = headers
    t.strictSame(ours, { 'content-type': `${PROBLEM_TYPE}; charset=utf-8`, ...expected })
  }
})

t.test('what Fastify finds wrong with an input', async t => {
  const json = { 'content-type': 'application/json' }
  const cases: Array<[name: string, request: { payload?: string, headers?: Record<string, string> }, problem: Omit<Problem, 'type'>]> = [
    ['a missing field', { payload: '{}', headers: json }, {
      title: 'Bad Request', status: 400, detail: 'body must have required property \'text\'', code: 'INPUT_INVALID', issues: [{ pointer: '', detail: 'must have required property \'text\'' }]
    }],
    ['a wrong field', { payload: '{"text":"","n":1}', headers: json }, {
      title: 'Bad Request', status: 400, detail: 'body/text must NOT have fewer than 1 characters', code: 'INPUT_INVALID', issues: [{ pointer: '/text', detail: 'must NOT have fewer than 1 characters' }]
    }],
    ['no body', {}, {
      title: 'Bad Request', status: 400, detail: 'body must be object', code: 'INPUT_INVALID', issues: [{ pointer: '', detail: 'must be object' }]
    }],
    ['an empty body', { payload: '', headers: json }, {
      title: 'Bad Request', status: 400, detail: 'Body cannot be empty when content-type is set to \'application/json\'', code: 'INPUT_MALFORMED'
    }],
    ['broken JSON', { payload: '{"text":', headers: json }, {
      title: 'Bad Request', status: 400, detail: 'Body is not valid JSON but content-type is set to \'application/json\'', code: 'INPUT_MALFORMED'
    }],
    ['a key that would pollute', { payload: '{"text":"a","__proto__":{"n":1}}', headers: json }, {
      title: 'Bad Request', status: 400, detail: 'Body is not valid JSON but content-type is set to \'application/json\'', code: 'INPUT_MALFORMED'
    }],
    ['another content type', { payload: '<text/>', headers: { 'content-type': 'application/xml' } }, {
      title: 'Unsupported Media Type', status: 415, detail: 'Unsupported Media Type', code: 'UNSUPPORTED_MEDIA_TYPE'
    }],
    ['too much', { payload: JSON.stringify({ text: 'a'.repeat(BODY_LIMIT) }), headers: json }, {
      title: 'Payload Too Large', status: 413, detail: 'Request body is too large', code: 'INPUT_TOO_LARGE'
    }]
  ]
  const app = problemApp(t)
  for (const [name, request, problem] of cases) {
    const { statusCode, headers, body } = await answer(app, { method: 'POST', url: '/input', ...request })
    t.strictSame(body, { type: 'about:blank', ...problem }, name)
    t.equal(statusCode, problem.status)
    t.equal(headers['content-type'], `${PROBLEM_TYPE}; charset=utf-8`)
  }
})

t.test('a validator of the host\'s own', async t => {
  const cases: Array<[name: string, result: unknown, problem: Omit<Problem, 'type'>]> = [
    ['throws an error that lists nothing', new Error('text is too dull'), { title: 'Bad Request', status: 400, detail: 'text is too dull', code: 'INPUT_INVALID' }],
    ['chooses the status', Object.assign(new Error('text is too dull'), { statusCode: 422 }), { title: 'Unprocessable Entity', status: 422, detail: 'text is too dull', code: 'INPUT_INVALID' }],
    ['finds several things', { error: [{ instancePath: '/text', message: 'is too dull' }, { instancePath: '/text' }] }, {
      title: 'Bad Request', status: 400, detail: 'body/text is too dull, body/text undefined', code: 'INPUT_INVALID', issues: [{ pointer: '/text', detail: 'is too dull' }, { pointer: '/text', detail: 'is not valid' }]
    }]
  ]
  for (const [name, result, problem] of cases) {
    const app = problemApp(t)
    app.setValidatorCompiler(() => () => result instanceof Error ? { error: result } : result as { error: Error })
    t.strictSame(await answer(app, { method: 'POST', url: '/input', payload: { text: 'a' } }).then(({ body }) => body), { type: 'about:blank', ...problem }, name)
  }
})

t.test('a validator that throws', async t => {
  const check = async (thrown: Error): Promise<Answer<unknown>> => {
    const app = problemApp(t)
    app.setValidatorCompiler(() => () => { throw thrown })
    return await answer(app, { method: 'POST', url: '/input', payload: { text: 'a' } })
  }
  t.match(await check(new RangeError('Maximum call stack size exceeded')), { statusCode: 400, body: { status: 400, code: 'INPUT_INVALID', detail: 'The input is not valid: it is nested too deeply' } })
  const { headers, body } = await check(new TypeError('cannot read'))
  t.match(headers['content-type'], /^application\/json/, 'what is broken in it is the host\'s')
  t.match(body, { statusCode: 500 })
})

t.test('what is wrong with an input is a 400 where nobody says otherwise', async t => {
  const cases: Array<[fields: object, code: string]> = [
    [{ validationContext: 'body' }, 'INPUT_INVALID'],
    [{ validationContext: 'querystring' }, 'QUERY_INVALID'],
    [{ code: 'FST_ERR_CTP_SOMETHING_NEW' }, 'INPUT_MALFORMED']
  ]
  for (const [fields, code] of cases) {
    t.strictSame((await answerTo(t, Object.assign(new Error('Wrong'), fields))).body, { type: 'about:blank', title: 'Bad Request', status: 400, detail: 'Wrong', code })
  }
})

t.test('what is not ours goes on to the host', async t => {
  const foreign: unknown[] = [
    new Error('the host\'s'),
    Object.assign(new Error('the host\'s'), { statusCode: 401, code: 'FST_JWT_NO_AUTHORIZATION' }),
    Object.assign(new Error('the host\'s'), { code: 20 }),
    new DOMException('aborted', 'AbortError'),
    new JobError('TOO_LONG', 'thrown outside a processor'),
    new JobNotRegisteredError('a mistake of the host'),
    Object.assign(new AsyncJobsError('Broken'), { code: 'BROKEN' }),
    'a string',
    '',
    0,
    { code: 'JOB_NOT_FOUND', statusCode: 404 }
  ]
  for (const thrown of foreign) {
    const app = Fastify()
    t.teardown(() => app.close())
    let handled: unknown
    app.setErrorHandler((error, _request, reply) => {
      handled = error
      void reply.code(418).send({ by: 'host' })
    })
    await app.register(async inner => {
      inner.setErrorHandler(sendProblem)
      inner.get('/', async () => { throw thrown })
      inner.get('/ours', async () => { throw new JobNotFoundError() })
    })
    t.match(await answer(app, { url: '/' }), { statusCode: 418, body: { by: 'host' } })
    t.equal(handled, thrown, 'as it was')
    t.match(await answer(app, { url: '/ours' }), { statusCode: 404, body: { code: 'JOB_NOT_FOUND' } })
  }
})

t.test('without a handler of the host, what is not ours is answered by Fastify', async t => {
  const { statusCode, headers, body } = await answerTo(t, Object.assign(new Error('Who are you?'), { statusCode: 401 }))
  t.equal(statusCode, 401)
  t.equal(headers['content-type'], 'application/json; charset=utf-8')
  t.strictSame(body, { statusCode: 401, error: 'Unauthorized', message: 'Who are you?' })
})

t.test('in a plugin in a plugin, the nearest handler answers', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  app.setErrorHandler((_error, _request, reply) => { void reply.code(418).send({ by: 'root' }) })
  await app.register(async outer => {
    outer.setErrorHandler((error: Error, _request, reply) => { void reply.code(419).send({ by: error.message }) })
    await outer.register(async inner => {
      inner.setErrorHandler(sendProblem)
      inner.get('/ours', async () => { throw new JobCanceledError() })
      inner.get('/other', async () => { throw new Error('outer') })
    })
  })
  t.match(await answer(app, { url: '/ours' }), { statusCode: 409, body: { code: 'JOB_CANCELED' } })
  t.match(await answer(app, { url: '/other' }), { statusCode: 419, body: { by: 'outer' } })
})

t.test('the cause goes to the log, and to no client', async t => {
  const lines: Array<{ level: number, msg: string, err?: { message: string } }> = []
  const stream = new Writable({ write (chunk, _encoding, done) { lines.push(JSON.parse(String(chunk)) as never); done() } })
  const app = problemApp(t, { logger: { level: 'error', stream } })
  app.get('/down', async () => { throw Object.assign(new StoreUnavailableError(), { cause: new Error('ECONNREFUSED 10.0.0.1') }) })
  app.get('/unknown', async () => { throw new JobNotFoundError() })

  const { statusCode, body } = await app.inject('/down')
  t.equal(statusCode, 503)
  t.notMatch(body, 'ECONNREFUSED')
  t.match(lines, [{ level: 50, msg: 'The job store cannot be reached. Try again shortly.', err: { message: 'ECONNREFUSED 10.0.0.1' } }])

  await app.inject('/unknown')
  t.equal(lines.length, 1, 'what has no cause is no news')
})

t.test('told otherwise than by an answer', async t => {
  const lines: unknown[] = []
  const log = { error: (...line: unknown[]) => { lines.push(line) } } as unknown as FastifyBaseLogger
  t.strictSame(problemFor(withDetails(new JobNotFoundError(), { jobId }), log), { type: 'about:blank', title: 'Not Found', status: 404, detail: 'There is no such job, or it is not yours.', code: 'JOB_NOT_FOUND', jobId })
  t.strictSame(lines, [])
  const secrets: unknown[] = [new Error('secret'), new JobNotRegisteredError('secret'), 'secret']
  for (const secret of secrets) {
    t.strictSame(problemFor(secret, log), { type: 'about:blank', title: 'Internal Server Error', status: 500, detail: 'Something went wrong. Try again later.', code: 'INTERNAL_ERROR' })
    t.match(lines.pop(), [{ err: secret }, 'A job could not be watched'], 'what we do not know is the log\'s alone')
  }
})
