import t from 'tap'
import type { TSchema } from '@sinclair/typebox'
import Fastify from 'fastify'
import type { Job, Problem } from '../../types/job.js'
import { EXAMPLE_FAILURE, EXAMPLE_ID, exampleJobs, JobSchema, optionalHeaders, pathParams, ProblemSchema, waitQuery } from '../../lib/http/schemas.js'
import { isJobId } from '../../lib/job/id.js'
import { jobLinks } from '../../lib/job/links.js'
import { isFinal } from '../../lib/job/state.js'
import { compile } from '../../lib/definition/validator.js'

const links = { status: '/jobs/status/id', result: '/jobs/result/id', cancel: '/jobs/cancel/id', events: '/jobs/events/id' }
const pending: Job = { jobId: 'id', status: 'pending', progress: 0, attempt: 0, maxAttempts: 3, cancelRequested: false, createdAt: '2026-01-01T00:00:00.000Z', pollAfterMs: 1_000, links }
const full: Required<Job> = {
  ...pending,
  status: 'failed',
  progress: 33.3,
  message: '"half" of it — \u2028',
  attempt: 2,
  startedAt: '2026-01-01T00:00:01.000Z',
  nextAttemptAt: '2026-01-01T00:00:02.000Z',
  finishedAt: '2026-01-01T00:00:03.000Z',
  expiresAt: '2026-01-01T00:00:04.000Z',
  pollAfterMs: 1_000,
  error: { code: 'TOO_LONG', message: 'Too long', data: { limit: [5, null, { deep: true }] } }
}
const problem: Required<Problem> = {
  type: 'about:blank',
  title: 'Conflict',
  status: 409,
  detail: 'It failed.',
  code: 'JOB_FAILED',
  jobId: 'id',
  error: { code: 'A', message: 'b', data: 'c' },
  issues: [{ pointer: '/text', detail: 'must be string' }]
}

/** What a route with a schema answers. */
async function serialize (schema: TSchema, value: unknown): Promise<unknown> {
  const app = Fastify()
  app.get('/', { schema: { response: { 200: schema } } }, async () => value)
  const answer = await app.inject('/')
  await app.close()
  return answer.json()
}

t.test('nothing is lost in an answer, and nothing is added', async t => {
  const cases: Array<[name: string, schema: TSchema, value: object]> = [
    ['a Job', JobSchema, pending],
    ['a Job with everything', JobSchema, full],
    ['a Job that failed without data', JobSchema, { ...full, error: { code: 'A', message: 'b' } }],
    ['a Job that failed with data that is null', JobSchema, { ...full, error: { code: 'A', message: 'b', data: null } }],
    ['a problem with everything', ProblemSchema, problem],
    ['a small problem', ProblemSchema, { type: 'about:blank', title: 'Not Found', status: 404, detail: 'Unknown', code: 'JOB_NOT_FOUND' }],
    ['a problem of the host\'s hooks', ProblemSchema, { title: 'Unauthorized', realm: { of: ['the', 'host'] } }]
  ]
  for (const [name, schema, value] of cases) {
    t.strictSame(await serialize(schema, value), value, name)
    const check = compile(schema)
    t.ok(check(value), `${name} matches its description`)
    t.strictSame(check.errors, null)
  }
})

t.test('what has no place in a Job stays out of it', async t => {
  const leaky = { ...full, input: 'secret', error: { ...full.error, stack: 'secret', status: 422 }, links: { ...links, internal: 'secret' } }
  t.strictSame(await serialize(JobSchema, leaky), full)
})

t.test('every field is described, and none is missing', async t => {
  t.strictSame(Object.keys(JobSchema.properties).sort(), Object.keys(full).sort())
  t.strictSame(JobSchema.required, ['jobId', 'status', 'progress', 'attempt', 'maxAttempts', 'cancelRequested', 'createdAt', 'links'])
  t.strictSame(Object.keys(ProblemSchema.properties).sort(), Object.keys(problem).sort())
  t.equal(ProblemSchema.required, undefined)
  t.strictSame(JobSchema.properties.status['enum'], ['pending', 'in_progress', 'completed', 'failed', 'canceled'])
})

t.test('examples are jobs as the API answers them, under the links of this API', async t => {
  const examples = exampleJobs('/api/v1/analysis', 5)
  const check = compile(JobSchema)
  t.ok(isJobId(EXAMPLE_ID))
  for (const [status, example] of Object.entries<Job>(examples)) {
    t.ok(check(example), status)
    t.strictSame(await serialize(JobSchema, example), example, 'it is answered as it is')
    t.equal(example.status, status)
    t.equal(example.maxAttempts, 5)
    t.strictSame(example.links, jobLinks('/api/v1/analysis', EXAMPLE_ID))
    t.equal(example.pollAfterMs === undefined, isFinal(example.status), 'only what is final need not be asked about')
    t.equal(example.finishedAt !== undefined, isFinal(example.status))
  }
  t.strictSame(Object.keys(examples), ['pending', 'in_progress', 'completed', 'failed', 'canceled'])
  t.strictSame(examples.failed.error, EXAMPLE_FAILURE)
})

t.test('parameters of a path', async t => {
  const cases: Array<[names: string[], withJobId: boolean, required: string[] | undefined]> = [
    [[], false, undefined],
    [[], true, ['jobId']],
    [['tenant', 'version'], false, ['tenant', 'version']],
    [['tenant'], true, ['tenant', 'jobId']]
  ]
  for (const [names, withJobId, required] of cases) t.strictSame(pathParams(names, withJobId).required, required)
})

t.test('a job id may be anything, so that a wrong one is an unknown one', async t => {
  const check = compile(pathParams([], true))
  for (const jobId of ['', '1', 'ü', 'a'.repeat(10_240)]) t.ok(check({ jobId }))
})

t.test('a wait', async t => {
  const check = compile(waitQuery(60))
  for (const query of [{}, { wait: 0 }, { wait: 1_000 }, { other: 'x' }]) t.ok(check(query))
  for (const wait of [-1, 1.5, 'soon']) t.notOk(check({ wait }))
})

t.test('headers, whose schema takes no other away', async t => {
  const app = Fastify({ ajv: { customOptions: { removeAdditional: 'all' } } })
  t.teardown(() => app.close())
  app.get('/', { schema: { headers: optionalHeaders({ prefer: { description: 'what for', example: 'wait=1' }, 'x-key': { description: 'what for', example: '1' } }) } }, async ({ headers }) => headers)
  t.match((await app.inject({ url: '/', headers: { prefer: 'wait=5', 'x-key': 'a', authorization: 'me' } })).json(), { prefer: 'wait=5', 'x-key': 'a', authorization: 'me' })
  t.equal((await app.inject('/')).statusCode, 200)
})
