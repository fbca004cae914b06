import t, { type Test } from 'tap'
import responseValidation from '@fastify/response-validation'
import fastifySwagger from '@fastify/swagger'
import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import { jsonSchemaTransform, serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { asyncJobs, defineJob, Type, type JobDefinition } from '../../lib/index.js'
import { embeddedConnection, uniqueName } from '../helpers/engines.js'
import { service, type TestService } from '../helpers/service.js'

const input = Type.Object({ text: Type.String({ minLength: 1 }), times: Type.Integer({ default: 2 }) })
const output = Type.Object({ text: Type.String() })
const draft2020 = { $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'object', properties: { text: { type: 'string', minLength: 1 }, times: { type: 'integer', default: 2 }, pair: { prefixItems: [{ type: 'number' }] } }, required: ['text'] } as const

const definitions = (): Record<string, JobDefinition> => ({
  TypeBox: defineJob({ name: uniqueName(), input, output }),
  'draft 2020-12': defineJob({ name: uniqueName(), input: draft2020, output }),
  Zod: defineJob({ name: uniqueName(), input: z.object({ text: z.string().min(1), times: z.number().int().default(2) }), output: z.object({ text: z.string() }) })
})

const hosts: Record<string, { server?: FastifyServerOptions, prepare: (app: FastifyInstance) => unknown }> = {
  'a host with nothing': { prepare: () => {} },
  'a host with the compilers of Zod': {
    async prepare (app) {
      app.setValidatorCompiler(validatorCompiler)
      app.setSerializerCompiler(serializerCompiler)
      await app.register(fastifySwagger, { openapi: { openapi: '3.1.0' }, transform: jsonSchemaTransform })
      app.after(() => { app.get('/own', { schema: { querystring: z.object({ n: z.coerce.number() }), response: { 200: z.object({ n: z.number() }) } } }, async ({ query }) => query as never) })
    }
  },
  'a host whose serializer knows only its own schemas': {
    prepare: app => app.setSerializerCompiler(({ schema }) => {
      if (!('mine' in schema)) throw new TypeError('This is no schema of mine')
      return value => JSON.stringify(value)
    })
  },
  'a host with the validator of TypeBox': { prepare: app => app.setValidatorCompiler(TypeBoxValidatorCompiler) },
  'a host with @fastify/response-validation': {
    async prepare (app) {
      await app.register(responseValidation)
      app.get('/own', { schema: { response: { 200: { type: 'object', properties: { n: { type: 'number' } } } } } }, async () => ({ n: 'none' }))
    }
  },
  'a host that wraps all answers': {
    prepare (app) {
      app.addHook('preSerialization', async (_request, _reply, payload) => ({ data: payload }))
      app.setReplySerializer(payload => JSON.stringify({ wrapped: payload }))
    }
  }
}

async function start (t: Test, { server, prepare }: (typeof hosts)[string], job: JobDefinition): Promise<TestService> {
  const app = Fastify(server)
  t.teardown(() => app.close())
  await prepare(app)
  await app.register(asyncJobs, {
    prefix: '/jobs',
    job,
    connection: await embedded,
    processor: (given: unknown) => {
      const { text, times } = given as { text: string, times: number }
      return { text: text.repeat(times) }
    }
  })
  await app.ready()
  return service(app, '/jobs')
}

const embedded = embeddedConnection(t)

for (const [name, host] of Object.entries(hosts)) {
  t.test(name, async t => {
    for (const [kind, job] of Object.entries(definitions())) {
      const { app, submit, until, result, status } = await start(t, host, job)
      // The validator of TypeBox fills in no defaults: that is what its hosts know.
      const { statusCode, body } = await submit({ text: 'ab', ...(name.includes('TypeBox') && { times: 2 }) })
      t.match({ statusCode, body }, { statusCode: 202, body: { jobId: String, links: { status: String } } }, kind)
      await until(body.jobId, 'completed')
      t.match(await result(body.jobId), { statusCode: 200, body: { text: 'abab' } })
      t.match(await submit({ text: '', times: 2 }), { statusCode: 400, headers: { 'content-type': /problem/ }, body: { code: 'INPUT_INVALID', issues: [{ pointer: '/text' }] } }, kind)
      t.match(await submit({}), { statusCode: 400, body: { code: 'INPUT_INVALID' } })
      t.match(await status('unknown'), { statusCode: 404, body: { code: 'JOB_NOT_FOUND' } })
      t.match((await app.inject(`/jobs/status/${body.jobId}?wait=x`)).json(), { code: 'QUERY_INVALID', issues: [{ pointer: '/wait' }] })
      t.equal((await app.inject({ method: 'POST', url: `/jobs/cancel/${body.jobId}` })).statusCode, 409)
      if ('swagger' in app) t.match(app.swagger(), { paths: { '/jobs': { post: { requestBody: { content: { 'application/json': { schema: { properties: { text: { type: 'string', minLength: 1 } } } } } } } }, '/own': { get: {} } } }, 'and is documented')
    }
  })
}

t.test('what the host has of its own goes on', async t => {
  const zod = await start(t, hosts['a host with the compilers of Zod'] as never, defineJob({ name: uniqueName(), input, output }))
  t.strictSame((await zod.app.inject('/own?n=5')).json(), { n: 5 })
  const validating = await start(t, hosts['a host with @fastify/response-validation'] as never, defineJob({ name: uniqueName(), input, output }))
  t.equal((await validating.app.inject('/own')).statusCode, 500)
})

t.test('a schema that only the host\'s validator takes', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  const seen: string[] = []
  app.setValidatorCompiler(({ httpPart }) => {
    seen.push(String(httpPart))
    return () => true
  })
  await app.register(asyncJobs, { prefix: '/jobs', job: defineJob({ name: uniqueName(), input, output }), connection: await embedded })
  await app.ready()
  t.ok(seen.includes('body'))
  t.equal((await app.inject({ method: 'POST', url: '/jobs/', payload: {} })).statusCode, 202, 'it decides what is valid')
})

t.test('a library that validates asynchronously', async t => {
  const slow = z.object({ text: z.string().refine(async text => text !== 'taken', 'is taken') })
  const { submit } = await start(t, hosts['a host with nothing'] as never, defineJob({ name: uniqueName(), input: slow, output }))
  t.match(await submit({ text: 'free' }), { statusCode: 202 })
  t.match(await submit({ text: 'taken' }), { statusCode: 400, body: { issues: [{ pointer: '/text', detail: 'is taken' }] } })
})
