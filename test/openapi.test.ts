import swagger from '@fastify/swagger'
import type { TSchema } from '@sinclair/typebox'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import t, { type Test } from 'tap'
import * as errors from '../lib/base/errors.js'
import { asyncJobs, defineJob, Type, type AsyncJobsOptions, type Job, type Problem } from '../lib/index.js'
import type { JobOperations } from '../lib/api/operations.js'
import { compile } from '../lib/definition/validator.js'
import { redisUrl, uniqueName } from './helpers/engines.js'
import { lintDocuments } from './helpers/redocly.js'
import { registerFakeRoutes } from './helpers/routes.js'

const define = () => defineJob({
  name: uniqueName('report'),
  description: 'Makes a report.',
  input: Type.Object({ text: Type.String() }, { examples: [{ text: 'hello' }] }),
  output: Type.Object({ pages: Type.Integer() }, { examples: [{ pages: 1 }, { pages: 2 }] })
})

const info = { title: 'A service', version: '1.0.0', license: { name: 'MIT', url: 'https://spdx.org/licenses/MIT' } }

t.test('the document is valid, whatever the host does', async t => {
  const options = (openapi?: string) => ({ openapi: { ...(openapi !== undefined && { openapi }), info, servers: [{ url: '/' }], security: [] } })
  const prefix = '/jobs'
  t.same(await lintDocuments({
    3.1: await documentOf(t, { prefix }, options('3.1.0')),
    '3.0': await documentOf(t, { prefix }, options('3.0.3')),
    'version-by-default': await documentOf(t, { prefix }, options()),
    'a-parameter-in-the-prefix': await documentOf(t, { prefix: '/tenants/:tenant/jobs' }, options('3.1.0')),
    'behind-a-proxy': await documentOf(t, { prefix, publicUrl: 'https://api.example.org:8443/gateway' }, options('3.1.0')),
    'errors-of-the-host': await documentOf(t, { prefix, errors: 'host' }, options('3.1.0')),
    'owners-and-limits': await documentOf(t, { prefix, ...limits }, options('3.1.0')),
    'without-examples': await documentOf(t, { prefix, job: defineJob({ name: uniqueName(), input: Type.String(), output: Type.Null() }) }, options('3.1.0'))
  }), [])
})

t.test('it describes every answer', async t => {
  const answers = describedAnswers(await documentOf(t, { prefix: '/jobs' }))
  t.strictSame(answers, {
    'POST /jobs': {
      200: { headers: ['Content-Location', 'Preference-Applied'], type: 'application/json', examples: ['example 1', 'example 2'], links: [] },
      202: { headers: ['Location', 'Retry-After', 'Preference-Applied', 'Idempotent-Replayed'], type: 'application/json', examples: ['pending'], links: ['status', 'result', 'events', 'cancel'] },
      400: { headers: [], type: 'application/problem+json', examples: ['INPUT_INVALID', 'IDEMPOTENCY_KEY_INVALID', 'INPUT_MALFORMED'], links: [] },
      409: { headers: ['Content-Location'], type: 'application/problem+json', examples: ['JOB_FAILED', 'JOB_CANCELED'], links: [] },
      413: { headers: [], type: 'application/problem+json', examples: ['INPUT_TOO_LARGE'], links: [] },
      415: { headers: [], type: 'application/problem+json', examples: ['UNSUPPORTED_MEDIA_TYPE'], links: [] },
      422: { headers: [], type: 'application/problem+json', examples: ['IDEMPOTENCY_KEY_REUSED'], links: [] },
      500: { headers: [], type: 'application/problem+json', examples: ['OUTPUT_INVALID', 'JOB_UNREADABLE', 'INTERNAL_ERROR'], links: [] },
      503: { headers: ['Retry-After'], type: 'application/problem+json', examples: ['STORE_UNAVAILABLE'], links: [] },
      '4XX': { headers: [], type: 'application/problem+json', examples: ['JOB_FAILED'], links: [] }
    },
    'GET /jobs/status/{jobId}': {
      200: { headers: ['ETag', 'Cache-Control', 'Retry-After', 'Preference-Applied'], type: 'application/json', examples: ['pending', 'in_progress', 'completed', 'failed', 'canceled'], links: ['result', 'cancel'] },
      304: { headers: [], type: undefined, examples: [], links: [] },
      400: { headers: [], type: 'application/problem+json', examples: ['QUERY_INVALID'], links: [] },
      404: { headers: [], type: 'application/problem+json', examples: ['JOB_NOT_FOUND'], links: [] },
      410: { headers: [], type: 'application/problem+json', examples: ['JOB_EXPIRED'], links: [] },
      500: { headers: [], type: 'application/problem+json', examples: ['JOB_UNREADABLE', 'INTERNAL_ERROR'], links: [] },
      503: { headers: ['Retry-After'], type: 'application/problem+json', examples: ['STORE_UNAVAILABLE'], links: [] }
    },
    'GET /jobs/result/{jobId}': {
      200: { headers: ['Preference-Applied'], type: 'application/json', examples: ['example 1', 'example 2'], links: [] },
      400: { headers: [], type: 'application/problem+json', examples: ['QUERY_INVALID'], links: [] },
      404: { headers: [], type: 'application/problem+json', examples: ['JOB_NOT_FOUND'], links: [] },
      409: { headers: ['Retry-After'], type: 'application/problem+json', examples: ['JOB_NOT_FINISHED', 'JOB_FAILED', 'JOB_CANCELED'], links: [] },
      410: { headers: [], type: 'application/problem+json', examples: ['JOB_EXPIRED'], links: [] },
      500: { headers: [], type: 'application/problem+json', examples: ['OUTPUT_INVALID', 'JOB_UNREADABLE', 'INTERNAL_ERROR'], links: [] },
      503: { headers: ['Retry-After'], type: 'application/problem+json', examples: ['STORE_UNAVAILABLE'], links: [] },
      '4XX': { headers: [], type: 'application/problem+json', examples: ['JOB_FAILED'], links: [] }
    },
    'POST /jobs/cancel/{jobId}': {
      200: { headers: [], type: 'application/json', examples: ['canceled'], links: [] },
      202: { headers: [], type: 'application/json', examples: ['canceled'], links: [] },
      404: { headers: [], type: 'application/problem+json', examples: ['JOB_NOT_FOUND'], links: [] },
      409: { headers: [], type: 'application/problem+json', examples: ['JOB_ALREADY_FINISHED'], links: [] },
      410: { headers: [], type: 'application/problem+json', examples: ['JOB_EXPIRED'], links: [] },
      413: { headers: [], type: 'application/problem+json', examples: ['INPUT_TOO_LARGE'], links: [] },
      500: { headers: [], type: 'application/problem+json', examples: ['JOB_UNREADABLE', 'INTERNAL_ERROR'], links: [] },
      503: { headers: ['Retry-After'], type: 'application/problem+json', examples: ['STORE_UNAVAILABLE'], links: [] }
    },
    'GET /jobs/events/{jobId}': {
      200: { headers: [], type: 'text/event-stream', examples: ['a job that writes'], links: [] },
      204: { headers: [], type: undefined, examples: [], links: [] },
      404: { headers: [], type: 'application/problem+json', examples: ['JOB_NOT_FOUND'], links: [] },
      410: { headers: [], type: 'application/problem+json', examples: ['JOB_EXPIRED'], links: [] },
      500: { headers: [], type: 'application/problem+json', examples: ['JOB_UNREADABLE', 'INTERNAL_ERROR'], links: [] },
      503: { headers: ['Retry-After'], type: 'application/problem+json', examples: ['STORE_UNAVAILABLE'], links: [] }
    },
    'GET /jobs/socket': {
      101: { headers: [], type: undefined, examples: [], links: [] },
      '3XX': { headers: [], type: undefined, examples: [], links: [] },
      default: { headers: [], type: 'application/json', examples: [], links: [] },
      426: { headers: [], type: 'application/problem+json', examples: ['UPGRADE_REQUIRED'], links: [] }
    }
  })
})

t.test('what stands in many answers is a component', async t => {
  const NAMES = ['Job', 'JobFailure', 'Problem']
  /** A host, and the names that ours have in its document. */
  const hosts: Record<string, { documentation?: object, prepare? (app: FastifyInstance): void, names?: string[], others?: string[] }> = {
    'OpenAPI 3.1': {},
    'OpenAPI 3.0': { documentation: { openapi: {} } },
    'a resolver of the host\'s': {
      documentation: { openapi: { openapi: '3.1.0' }, refResolver: { buildLocalReference: ({ $id }: { $id: string }) => $id } },
      prepare (app) {
        app.addSchema({ $id: 'Own', type: 'object', properties: { a: { type: 'string' } } })
        app.get('/own', { schema: { response: { 200: { $ref: 'Own#' } } } }, async () => ({}))
      },
      others: ['Own']
    },
    'components of the same names': {
      documentation: { openapi: { openapi: '3.1.0', components: { schemas: { Job: { type: 'string' }, JobFailure: { type: 'string' } } } } },
      prepare (app) { app.get('/own', { serializerCompiler: () => JSON.stringify, schema: { response: { 200: { description: 'Own.', content: { 'application/json': { schema: { $ref: '#/components/schemas/Job' } } } } } } }, async () => '') },
      names: ['AsyncJobsJob', 'AsyncJobsJobFailure', 'Problem'],
      others: ['Job', 'JobFailure']
    },
    'a transformation of the host\'s': {
      documentation: { openapi: { openapi: '3.1.0' }, transform: ({ schema, url }: { schema: object, url: string }) => ({ schema, url: `/v1${url}` }) }
    },
    'ids of operations that the host changes': {
      documentation: { openapi: { openapi: '3.1.0' }, transform: ({ schema, url }: { schema: { operationId?: string }, url: string }) => ({ schema: { ...schema, operationId: `v1.${schema.operationId}` }, url }) }
    }
  }
  for (const [name, { documentation, prepare, names = NAMES, others = [] }] of Object.entries(hosts)) {
    await t.test(name, async t => {
      const app = Fastify()
      t.teardown(() => app.close())
      await app.register(swagger, documentation ?? { openapi: { openapi: '3.1.0' } })
      prepare?.(app)
      await app.register(asyncJobs, { job: define(), connection: redisUrl(), prefix: '/one' })
      await app.register(async inner => { await inner.register(asyncJobs, { job: define(), connection: redisUrl(), prefix: '/two' }) }, { prefix: '/inner' })
      await app.ready()
      const document = JSON.parse(JSON.stringify(app.swagger())) as Document
      t.strictSame(Object.keys(document.components.schemas).sort(), [...new Set([...names, ...others])].sort())
      const references = new Set([...JSON.stringify(operationsOf(document).filter(({ name }) => !name.includes('own'))).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name))
      t.strictSame([...references].sort(), names.filter(name => !name.endsWith('Failure')))
      t.match(document.components.schemas[names[0] as string], { title: 'Job', properties: { error: { $ref: `#/components/schemas/${names[1]}` } } })
      t.equal(Object.keys(document.paths).filter(path => path.startsWith('/v1')).length, name.startsWith('a transformation') ? 12 : 0, 'it is applied to our routes, too')
      if (name.startsWith('components')) t.match(document.paths['/own']?.['get']?.responses, { 200: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Job' } } } } }, 'and the host\'s stay')
    })
  }
})

/** Options by which more can be refused. */
const limits = { owner: () => 'alice', allowedOrigins: ['https://app.example.com'], maxPending: 1 }

t.test('it describes what an option refuses only where that is set', async t => {
  const without = describedAnswers(await documentOf(t, { prefix: '/jobs' }))
  const answers = describedAnswers(await documentOf(t, { prefix: '/jobs', ...limits }))
  const tooMany = { headers: ['Retry-After'], type: 'application/problem+json', examples: ['TOO_MANY_CONNECTIONS'], links: [] }
  for (const route of ['POST /jobs', 'GET /jobs/status/{jobId}', 'GET /jobs/result/{jobId}', 'GET /jobs/events/{jobId}']) {
    t.strictSame(answers[route]?.['429'], tooMany, route)
    t.notOk('429' in (without[route] ?? {}))
  }
  t.strictSame(answers['POST /jobs']?.['503']?.examples, ['STORE_UNAVAILABLE', 'QUEUE_FULL'])
  t.strictSame(answers['GET /jobs/socket']?.['403']?.examples, ['ORIGIN_NOT_ALLOWED'])
  const { paths } = await documentOf(t, { prefix: '/jobs', ...limits })
  t.match(paths['/jobs/socket']?.['get']?.description, /\*\*3000\*\*[^]*\*\*1013\*\*/)
})

t.test('every error that clients can get is in it', async t => {
  const document = await documentOf(t, { prefix: '/jobs', ...limits })
  const documented = new Set(operationsOf(document).flatMap(({ responses }) => Object.entries(responses)
    .flatMap(([status, { content = {} }]) => Object.values(content).flatMap(({ examples }) => Object.keys(examples ?? {}).map(code => `${status} ${code}`)))))
  for (const ErrorClass of Object.values(errors)) {
    if (!('prototype' in ErrorClass) || !(ErrorClass.prototype instanceof errors.AsyncJobsError)) continue
    const { statusCode, code } = new (ErrorClass as new () => Error & { statusCode?: number, code: string })()
    // Only the handle throws it.
    if (code === 'SERVICE_CLOSING') continue
    if (statusCode !== undefined && statusCode !== 500) t.ok(documented.has(`${statusCode} ${code}`), `${statusCode} ${code}`)
  }
})

t.test('its examples are true to their schemas', async t => {
  const document = await documentOf(t, { prefix: '/jobs' })
  for (const { name, responses } of operationsOf(document)) {
    for (const [status, { content = {} }] of Object.entries(responses)) {
      for (const { schema, examples } of Object.values(content)) {
        const check = compile(closed(dereferenced(schema, document)))
        for (const [example, { value }] of Object.entries(examples ?? {})) {
          t.ok(check(value), `${name} ${status} ${example}`, { errors: check.errors })
        }
      }
    }
  }
})

t.test('its links lead somewhere', async t => {
  const operations = operationsOf(await documentOf(t, { prefix: '/tenants/:tenant/jobs' }))
  const links = operations.flatMap(({ responses }) => Object.values(responses).flatMap(({ links }) => Object.values(links ?? {})))
  t.equal(links.length, 6)
  for (const { operationId, parameters } of links) {
    const target = operations.find(operation => operation.operationId === operationId)
    t.same(Object.keys(parameters).sort(), target?.parameters.flatMap(({ name, in: place }) => place === 'path' ? name : []).sort(), operationId)
  }
  t.match(links[0]?.parameters, { tenant: '$request.path.tenant', jobId: '$response.body#/jobId' })
})

t.test('it tells the way from the submission to the result', async t => {
  const { paths } = await documentOf(t, { prefix: '/jobs' })
  const submit = paths['/jobs']?.['post']
  t.match(submit?.description, /Makes a report[^]*GET \/jobs\/status\/{jobId}[^]*GET \/jobs\/result\/{jobId}/)
  t.same(Object.values(paths).flatMap(path => Object.values(path).map(({ summary }) => summary)), ['1. Submit a job', '2. Follow its status', '3. Get its output', 'Cancel a job', 'Watch a job', 'Watch many jobs'])
})

t.test('a job without a description', async t => {
  const job = defineJob({ name: uniqueName(), input: Type.Object({}), output: Type.Null() })
  const { paths } = await documentOf(t, { prefix: '/jobs', job })
  t.match(paths['/jobs']?.['post']?.description, /^The work may take/)
})

t.test('the example of an invalid input suits the input', async t => {
  const inputs: Array<[input: TSchema, detail: string]> = [
    [Type.Object({ text: Type.String() }), "body must have required property 'text'"],
    [Type.Object({}), 'body must be object'],
    [Type.Union([Type.String(), Type.Number()]), 'body must be valid']
  ]
  for (const [input, detail] of inputs) {
    const { paths } = await documentOf(t, { prefix: '/jobs', job: defineJob({ name: uniqueName(), input, output: Type.Null() }) })
    t.match(paths['/jobs']?.['post']?.responses['400']?.content?.['application/problem+json']?.examples, { INPUT_INVALID: { value: { detail } } })
  }
})

t.test('errors of the host are described as the host\'s', async t => {
  const { paths } = await documentOf(t, { prefix: '/jobs', errors: 'host' })
  t.strictSame(paths['/jobs/status/{jobId}']?.['get']?.responses['404'], {
    description: '`JOB_NOT_FOUND`: There is no such job, or it is not yours.',
    content: { 'application/*': { schema: {} } }
  })
})

t.test('a host without options for @fastify/swagger, which then writes Swagger 2.0', async t => {
  const { paths } = await documentOf(t, { prefix: '/jobs' }, {})
  t.same(Object.keys(paths).sort(), ['/jobs', '/jobs/cancel/{jobId}', '/jobs/events/{jobId}', '/jobs/result/{jobId}', '/jobs/socket', '/jobs/status/{jobId}'])
})

t.test('a submission reaches us with and without the slash, and is described once', async t => {
  const hosts: Array<[prefix: string, host: FastifyServerOptions, described: string, urls: string[]]> = [
    ['/jobs', {}, '/jobs', ['/jobs', '/jobs/']],
    ['/jobs', { routerOptions: { ignoreTrailingSlash: true } }, '/jobs', ['/jobs', '/jobs/']],
    ['/jobs', { routerOptions: { ignoreDuplicateSlashes: true } }, '/jobs', ['/jobs', '/jobs/', '//jobs//']],
    ['/jobs/', {}, '/jobs/', ['/jobs/']],
    ['', {}, '/', ['/']]
  ]
  for (const [prefix, host, described, urls] of hosts) {
    const { app } = await startFake(t, host, { submit: async () => ({ job: accepted, replayed: false }) }, prefix)
    for (const url of urls) t.equal((await app.inject({ method: 'POST', url, payload: { text: 'a' } })).statusCode, 202, `${prefix} ${url}`)
    t.same(Object.keys(app.swagger().paths ?? {}).filter(path => !/[{]|socket/.test(path)), [described])
  }
})

/** With every field that there is: a new one has to be added here, and to the schema. */
const job: Required<Job> = {
  jobId: 'a',
  status: 'failed',
  progress: 40.5,
  message: 'm',
  attempt: 1,
  maxAttempts: 3,
  cancelRequested: true,
  createdAt: '2026-01-01T00:00:00.000Z',
  startedAt: '2026-01-01T00:00:00.000Z',
  nextAttemptAt: '2026-01-01T00:00:00.000Z',
  finishedAt: '2026-01-01T00:00:00.000Z',
  expiresAt: '2026-01-01T00:00:00.000Z',
  error: { code: 'c', message: 'm', data: { deep: [1, null, { a: 'b' }] } },
  pollAfterMs: 1_000,
  links: { status: '/s', result: '/r', cancel: '/c', events: '/e' }
}

/** One that was not waited for. */
const accepted: Job = { ...job, status: 'pending' }

t.test('nothing is lost on the wire', async t => {
  const { error, jobId } = job
  const issues = [{ pointer: '/a', detail: 'd' }]
  const details = { jobId, error, issues }
  const { app } = await startFake(t, {}, {
    submit: async () => ({ job: accepted, replayed: false }),
    status: async id => id === 'a' ? job : fail(errors.withDetails(new errors.JobExpiredError('then'), details)),
    result: async id => fail(Object.assign(errors.withDetails(new errors.JobFailedError('m'), details), { statusCode: Number(id) }))
  })
  t.strictSame((await app.inject({ method: 'POST', url: '/jobs', payload: { text: 'a' } })).json(), accepted)
  t.strictSame((await app.inject('/jobs/status/a')).json(), job)
  for (const [url, status] of [['status/b', 410], ['result/409', 409], ['result/422', 422], ['result/404', 404], ['result/502', 502]] as const) {
    const answer = await app.inject(`/jobs/${url}`)
    const { type, title, detail, code, ...rest } = answer.json<Required<Problem>>()
    t.strictSame(rest, { ...details, status }, url)
    t.ok(type && title && detail && code)
  }
})

t.test('a host that answers with problems of its own keeps their members', async t => {
  const { app } = await startFake(t, {}, {}, '/jobs', app => {
    app.addHook('onRequest', async (request, reply) => {
      await reply.code(Number(request.headers['x-status'])).type('application/problem+json').send({ type: 'about:blank', traceId: 't' })
    })
  })
  for (const status of [401, 404, 503]) {
    const answer = await app.inject({ url: '/jobs/result/a', headers: { 'x-status': String(status) } })
    t.strictSame(answer.json(), { type: 'about:blank', traceId: 't' })
  }
})

/** As far as these tests look into it. */
interface Document {
  components: { schemas: Record<string, object> }
  paths: Record<string, Record<string, Operation>>
}

interface Operation {
  operationId: string
  summary: string
  description: string
  parameters: Array<{ name: string, in: string }>
  responses: Record<string, {
    headers?: object
    /** Absent where there is no body. */
    content?: Record<string, { schema: object, examples?: Record<string, { value: unknown }> }>
    links?: Record<string, { operationId: string, parameters: Record<string, string> }>
  }>
}

/** The document of a host with the plugin in it. */
async function documentOf (t: Test, options: Partial<AsyncJobsOptions> & { prefix: string }, documentation: object = { openapi: { openapi: '3.1.0' } }): Promise<Document> {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(swagger, documentation)
  await app.register(asyncJobs, { job: define(), connection: redisUrl(), ...options })
  await app.ready()
  return JSON.parse(JSON.stringify(app.swagger())) as Document
}

function operationsOf ({ paths }: Document): Array<Operation & { name: string }> {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ ...operation, name: `${method.toUpperCase()} ${path}` })))
}

function describedAnswers (document: Document): Record<string, Record<string, { examples: string[] }>> {
  return Object.fromEntries(operationsOf(document).map(({ name, responses }) => [name, Object.fromEntries(
    Object.entries(responses).map(([status, { headers = {}, content = {}, links = {} }]) => {
      const [type] = Object.keys(content)
      const examples = Object.values(content).flatMap(({ examples = {} }) => Object.keys(examples))
      return [status, { headers: Object.keys(headers), type, examples, links: Object.keys(links) }]
    })
  )]))
}

/** The routes over operations that a test makes up. */
async function startFake (
  t: Test, host: FastifyServerOptions, operations: Partial<JobOperations>, prefix = '/jobs', prepare: (app: FastifyInstance) => void = () => {}
): Promise<{ app: FastifyInstance }> {
  const app = Fastify(host)
  t.teardown(() => app.close())
  await app.register(swagger)
  prepare(app)
  await registerFakeRoutes(app, { definition: define(), operations, prefix })
  await app.ready()
  return { app }
}

function fail (error: Error): never {
  throw error
}

/** With components in place of the references to them. */
function dereferenced (value: object, document: Document): object {
  return JSON.parse(JSON.stringify(value), (_key, part: unknown) => {
    const { $ref } = Object(part) as { $ref?: string }
    if ($ref === undefined) return part
    return dereferenced(document.components.schemas[$ref.replace('#/components/schemas/', '')] as object, document)
  }) as object
}

/** An example may only have what its schema names. */
function closed (schema: object): object {
  return JSON.parse(JSON.stringify(schema), (_key, value: unknown) =>
    typeof value === 'object' && value !== null && 'properties' in value ? { ...value, additionalProperties: false } : value) as object
}
