import t, { type Test } from 'tap'
import fastifySwagger from '@fastify/swagger'
import { toStandardJsonSchema } from '@valibot/to-json-schema'
import { type } from 'arktype'
import Fastify, { type FastifyInstance } from 'fastify'
import { Type as Type1 } from 'typebox'
import * as v from 'valibot'
import { z } from 'zod'
import { asyncJobs, createWorker, defineJob, Type, type JobDefinition } from '../../lib/index.js'
import { embeddedConnection, redisUrl, silent, uniqueName } from '../helpers/engines.js'
import { foreignWorker } from '../helpers/foreign-worker.js'
import { service, startService, type TestService } from '../helpers/service.js'

/** The same job in each language: `size` has a default, a list of `tags` must have texts. */
const plain = { type: 'object', properties: { text: { type: 'string', minLength: 1 }, size: { type: 'integer', default: 3 }, tags: { type: 'array', items: { type: 'string' } } }, required: ['text'] } as const
const result = { type: 'object', properties: { made: { type: 'string' } }, required: ['made'], additionalProperties: false } as const
const definitions: Record<string, JobDefinition> = {
  'TypeBox 0.34': defineJob({
    name: uniqueName(),
    input: Type.Object({ text: Type.String({ minLength: 1 }), size: Type.Integer({ default: 3 }), tags: Type.Optional(Type.Array(Type.String())) }),
    output: Type.Object({ made: Type.String() }, { additionalProperties: false })
  }),
  'typebox 1.x': defineJob({
    name: uniqueName(),
    input: Type1.Object({ text: Type1.String({ minLength: 1 }), size: Type1.Integer({ default: 3 }), tags: Type1.Optional(Type1.Array(Type1.String())) }),
    output: Type1.Object({ made: Type1.String() }, { additionalProperties: false })
  }),
  'JSON Schema of draft 7': defineJob({ name: uniqueName(), input: { $schema: 'http://json-schema.org/draft-07/schema#', ...plain }, output: result }),
  'JSON Schema of draft 2020-12': defineJob({ name: uniqueName(), input: { $schema: 'https://json-schema.org/draft/2020-12/schema', ...plain }, output: { $schema: 'https://json-schema.org/draft/2020-12/schema', ...result } }),
  'what Zod converts': defineJob({
    name: uniqueName(),
    input: z.toJSONSchema(z.object({ text: z.string().min(1), size: z.int().default(3), tags: z.array(z.string()).optional() }), { io: 'input' }),
    output: z.toJSONSchema(z.object({ made: z.string() }))
  }),
  Zod: defineJob({ name: uniqueName(), input: z.object({ text: z.string().min(1), size: z.int().default(3), tags: z.array(z.string()).optional() }), output: z.object({ made: z.string() }) }),
  Valibot: defineJob({
    name: uniqueName(),
    input: toStandardJsonSchema(v.object({ text: v.pipe(v.string(), v.minLength(1)), size: v.optional(v.pipe(v.number(), v.integer()), 3), tags: v.optional(v.array(v.string())) })),
    output: toStandardJsonSchema(v.object({ made: v.string() }))
  }),
  ArkType: defineJob({ name: uniqueName(), input: type({ text: 'string >= 1', size: 'number.integer = 3', 'tags?': 'string[]' }), output: type({ '+': 'delete', made: 'string' }) })
}

interface Body { content: Record<string, { schema: unknown }> }
interface Document { paths: { '/jobs': { post: { requestBody: Body, responses: Record<string, Body> } } } }

async function start (t: Test, job: JobDefinition, processor?: (input: never) => unknown): Promise<TestService & { document: Document }> {
  const app: FastifyInstance = Fastify()
  t.teardown(() => app.close())
  await app.register(fastifySwagger, { openapi: { openapi: '3.1.0' } })
  await app.register(asyncJobs, { job, prefix: '/jobs', connection: redisUrl(), ...(processor && { processor: processor as never }) })
  await app.ready()
  return { ...service(app, '/jobs'), document: app.swagger() as unknown as Document }
}

for (const [name, job] of Object.entries(definitions)) {
  t.test(name, async t => {
    const seen: unknown[] = []
    const { app, submit, until, result, document } = await start(t, job, (input: { text: string, size: number }) => {
      seen.push(input)
      return { made: input.text.repeat(input.size), internal: 'x' }
    })
    const { statusCode, body: { jobId } } = await submit({ text: 'ab', tags: ['x'] })
    t.equal(statusCode, 202)
    await until(jobId, 'completed')
    t.strictSame((await result(jobId)).body, { made: 'ababab' })
    t.strictSame(seen, [{ text: 'ab', size: 3, tags: ['x'] }], 'with its default')

    for (const [input, pointer] of [[{ text: 1 }, '/text'], [{ text: '' }, '/text'], [{ text: 'a', tags: ['x', {}] }, '/tags/1'], [{ text: 'a', size: 1.5 }, '/size']] as const) {
      // Fastify's own validator makes a text of a number, as it does everywhere.
      if (input.text === 1 && (await submit(input)).statusCode === 202) continue
      t.match(await submit(input), { statusCode: 400, body: { code: 'INPUT_INVALID', issues: [{ pointer, detail: String }] } }, pointer)
      await t.rejects(app.jobs(job).submit(input), { code: 'INPUT_INVALID', statusCode: 400, issues: [{ pointer, detail: String }] }, `${pointer}, by the handle`)
    }

    const handle = app.jobs(job)
    t.strictSame(await handle.wait((await handle.submit({ text: 'a' })).jobId), { made: 'aaa' })

    const { requestBody, responses } = document.paths['/jobs'].post
    t.match(requestBody.content['application/json']?.schema, { type: 'object', properties: { text: { type: 'string', minLength: 1 }, size: name === 'ArkType' ? {} : { default: 3 } }, required: ['text'] }, 'its documentation')
    t.match(responses['200']?.content['application/json']?.schema, { type: 'object', properties: { made: { type: 'string' } } })
  })
}

t.test('what a library transforms', async t => {
  const cases = {
    Zod: defineJob({ name: uniqueName(), input: z.object({ at: z.iso.datetime().transform(text => new Date(text)) }), output: z.object({ year: z.number().transform(year => `in ${year}`).pipe(z.string()) }) }),
    Valibot: defineJob({
      name: uniqueName(),
      input: toStandardJsonSchema(v.object({ at: v.pipe(v.string(), v.isoTimestamp(), v.transform(text => new Date(text))) })),
      output: toStandardJsonSchema(v.object({ year: v.pipe(v.number(), v.transform(year => `in ${year}`), v.string()) }))
    }),
    ArkType: defineJob({ name: uniqueName(), input: type({ at: 'string.date.iso.parse' }), output: type({ year: type('number').pipe(year => `in ${year}`).to('string') }) })
  }
  for (const [name, job] of Object.entries(cases)) {
    const { app, submit, until, result } = await startService<JobDefinition>(t, { job, connection: redisUrl() })
    const worker = createWorker(job as JobDefinition, input => {
      const { at } = input as { at: Date }
      return { year: at.getUTCFullYear() }
    }, { connection: redisUrl(), log: silent })
    t.teardown(() => worker.close())
    const input = { at: '2026-01-01T00:00:00.000Z' }
    const { body: { jobId } } = await submit(input)
    await until(jobId, 'completed')
    t.strictSame((await result(jobId)).body, { year: 'in 2026' }, name)
    t.strictSame((await app.jobs(job as JobDefinition).queue.getJob(jobId))?.data, input, 'what is stored is what was sent')
  }
})

t.test('the output of another worker goes through the library', async t => {
  const job = defineJob({ name: uniqueName(), input: z.object({}), output: z.object({ n: z.number(), more: z.string().default('x') }) })
  const { submit } = await startService(t, { job, connection: redisUrl() })
  let output: unknown = { n: 1, internal: true }
  await foreignWorker(t, redisUrl(), job.name, async () => output)
  t.match(await submit({}, { prefer: 'wait=10' }), { statusCode: 200, body: { n: 1, more: 'x' } })
  output = { n: 'one' }
  t.match(await submit({}, { prefer: 'wait=10' }), { statusCode: 500, body: { code: 'OUTPUT_INVALID' } })
})

t.test('what cannot be described is refused', async t => {
  const output = Type.Null()
  t.throws(() => defineJob({ name: 'job', input: v.object({}), output }), { code: 'OPTION_INVALID', message: /defineJob\.input must have a conversion to JSON Schema .*toStandardJsonSchema.*given: a schema of valibot without it/ })
  t.throws(() => defineJob({ name: 'job', input: z.object({ at: z.date() }), output }), { code: 'OPTION_INVALID', message: /defineJob\.input must be what JSON Schema can describe: .*Date/ })
  t.throws(() => defineJob({ name: 'job', input: z.object({}), output: z.string().transform(Number) }), { code: 'OPTION_INVALID', message: /defineJob\.output must be/ })
})

t.test('schemas that the host shares', async t => {
  const doc = { $id: 'Doc', type: 'object', properties: { text: { type: 'string' }, size: { type: 'integer', default: 1 } }, required: ['text'] }
  const ref = Type.Unsafe<{ text: string }>({ $ref: 'Doc#' })
  const connection = await embeddedConnection(t)
  const job = defineJob({ name: uniqueName(), input: ref, output: Type.Object({ doc: ref }) })
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(asyncJobs, { job, prefix: '/jobs', connection, processor: async (doc: { text: string }) => doc.text === 'bad' ? { doc: {} as never } : { doc } })
  app.addSchema(doc)
  await app.ready()
  const { submit } = service(app, '/jobs')
  t.match(await submit({ text: 'a' }, { prefer: 'wait=10' }), { statusCode: 200, body: { doc: { text: 'a', size: 1 } } })
  t.match(await submit({}), { statusCode: 400 })
  const handle = app.jobs(job)
  t.strictSame(await handle.wait((await handle.submit({ text: 'b' })).jobId), { doc: { text: 'b', size: 1 } })
  await t.rejects(handle.submit({} as never), { code: 'INPUT_INVALID' })

  t.throws(() => createWorker(job, async doc => ({ doc }), { connection: redisUrl(), log: silent }), {
    code: 'OPTION_INVALID', message: new RegExp(`the input schema of the job "${job.name}" cannot be compiled here: can't resolve reference Doc#`)
  })
})
