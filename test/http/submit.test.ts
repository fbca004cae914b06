import t from 'tap'
import Fastify, { type FastifyRequest, type FastifyServerOptions } from 'fastify'
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { asyncJobs, defineJob, Type } from '../../lib/index.js'
import { StoreUnavailableError } from '../../lib/base/errors.js'
import { exampleJobs } from '../../lib/http/schemas.js'
import { onEachEngine, redisUrl, uniqueName } from '../helpers/engines.js'
import { service, startService } from '../helpers/service.js'
import { registerFakeRoutes } from '../helpers/routes.js'

const schemas = {
  input: Type.Object({ text: Type.String({ minLength: 1 }), limit: Type.Optional(Type.Integer()) }),
  output: Type.Object({ length: Type.Number() })
}
const define = () => defineJob({ ...schemas, name: uniqueName() })

t.test('accepts an input', t => onEachEngine(t, async (t, { connection }) => {
  const job = define()
  const { app, submit } = await startService(t, { job, connection })
  const { statusCode, headers, body } = await submit({ text: 'hello' })
  t.equal(statusCode, 202)
  t.match(headers, { location: `/jobs/status/${body.jobId}`, 'retry-after': '1', 'content-type': 'application/json; charset=utf-8' })
  t.match(body.jobId, /^[0-9a-f-]{36}$/)
  t.equal(await app.jobs(job).queue.getWaitingCount(), 1)
}))

/** What is sent, and what comes back, exactly. */
interface BadInput {
  body?: string | Buffer
  type?: string | null
  host?: FastifyServerOptions
  answer: { status: number, code: string, title: string, detail: string | RegExp, issues?: unknown }
}

const badInputs: Record<string, BadInput> = {
  'a missing field': {
    body: '{}',
    answer: { status: 400, title: 'Bad Request', code: 'INPUT_INVALID', detail: "body must have required property 'text'", issues: [{ pointer: '', detail: "must have required property 'text'" }] }
  },
  'a field of the wrong type': {
    body: '{"text":{"a":1}}',
    answer: { status: 400, title: 'Bad Request', code: 'INPUT_INVALID', detail: 'body/text must be string', issues: [{ pointer: '/text', detail: 'must be string' }] }
  },
  'a field that breaks its rule': {
    body: '{"text":""}',
    answer: { status: 400, title: 'Bad Request', code: 'INPUT_INVALID', detail: 'body/text must NOT have fewer than 1 characters', issues: [{ pointer: '/text', detail: 'must NOT have fewer than 1 characters' }] }
  },
  'an array instead of an object': {
    body: '[]',
    answer: { status: 400, title: 'Bad Request', code: 'INPUT_INVALID', detail: 'body must be object', issues: [{ pointer: '', detail: 'must be object' }] }
  },
  'no body at all': {
    type: null,
    answer: { status: 400, title: 'Bad Request', code: 'INPUT_INVALID', detail: 'body must be object', issues: [{ pointer: '', detail: 'must be object' }] }
  },
  'an empty body': {
    body: '',
    answer: { status: 400, title: 'Bad Request', code: 'INPUT_MALFORMED', detail: "Body cannot be empty when content-type is set to 'application/json'" }
  },
  'broken JSON': {
    body: '{"text": "he',
    answer: { status: 400, title: 'Bad Request', code: 'INPUT_MALFORMED', detail: "Body is not valid JSON but content-type is set to 'application/json'" }
  },
  'a __proto__ key': {
    body: '{"text":"a","__proto__":{"admin":true}}',
    answer: { status: 400, title: 'Bad Request', code: 'INPUT_MALFORMED', detail: "Body is not valid JSON but content-type is set to 'application/json'" }
  },
  'a constructor.prototype key': {
    body: '{"text":"a","constructor":{"prototype":{"admin":true}}}',
    answer: { status: 400, title: 'Bad Request', code: 'INPUT_MALFORMED', detail: "Body is not valid JSON but content-type is set to 'application/json'" }
  },
  'a content type nobody parses': {
    body: '<text>a</text>',
    type: 'application/xml',
    answer: { status: 415, title: 'Unsupported Media Type', code: 'UNSUPPORTED_MEDIA_TYPE', detail: 'Unsupported Media Type' }
  },
  'plain text': {
    body: 'hello',
    type: 'text/plain',
    answer: { status: 400, title: 'Bad Request', code: 'INPUT_INVALID', detail: 'body must be object', issues: [{ pointer: '', detail: 'must be object' }] }
  },
  'a body over the limit': {
    body: JSON.stringify({ text: 'x'.repeat(2_000) }),
    host: { bodyLimit: 1_000 },
    answer: { status: 413, title: 'Payload Too Large', code: 'INPUT_TOO_LARGE', detail: 'Request body is too large' }
  }
}

t.test('refuses', t => onEachEngine(t, async (t, { connection }) => {
  for (const [name, { body, type = 'application/json', host, answer }] of Object.entries(badInputs)) {
    await t.test(name, async t => {
      const job = define()
      const { app } = await startService(t, { job, connection }, host)
      const reply = await app.inject({ method: 'POST', url: '/jobs', ...(body !== undefined && { payload: body }), headers: type === null ? {} : { 'content-type': type } })
      const { status, title, code, detail, issues } = answer
      t.equal(reply.statusCode, status)
      t.equal(reply.headers['content-type'], 'application/problem+json; charset=utf-8')
      t.strictSame(reply.json(), { type: 'about:blank', title, status, detail, code, ...(issues !== undefined && { issues }) })
      t.strictSame(await app.jobs(job).queue.getJobCounts('waiting', 'active', 'delayed'), { waiting: 0, active: 0, delayed: 0 }, 'and stores nothing')
    })
  }
}))

t.test('is neither stricter nor looser than the host\'s own routes', t => onEachEngine(t, async (t, { connection }) => {
  const inputs: unknown[] = [{}, { text: 1 }, { text: 'a', limit: '7' }, { text: 'a', limit: 'seven' }, { text: 'a', unknown: true }, { text: null }, [], 'text', null, 7]
  const hosts: Record<string, FastifyServerOptions> = {
    'as Fastify comes': {},
    'without coercion': { ajv: { customOptions: { coerceTypes: false } } },
    'strict about unknown fields': { ajv: { customOptions: { removeAdditional: false } } },
    'all errors': { ajv: { customOptions: { allErrors: true } } }
  }
  for (const [name, host] of Object.entries(hosts)) {
    await t.test(name, async t => {
      const job = defineJob({ ...schemas, name: uniqueName(), input: Type.Object(schemas.input.properties, { additionalProperties: false }) })
      const app = Fastify(host)
      t.teardown(() => app.close())
      await app.register(asyncJobs, { job, connection, prefix: '/jobs' })
      app.post('/own', { schema: { body: job.input } }, async ({ body }) => body)
      for (const input of inputs) {
        const payload = JSON.stringify(input)
        const headers = { 'content-type': 'application/json' }
        const own = await app.inject({ method: 'POST', url: '/own', payload, headers })
        const ours = await app.inject({ method: 'POST', url: '/jobs', payload, headers })
        if (own.statusCode === 200) {
          t.equal(ours.statusCode, 202, payload)
          const { jobId } = ours.json<{ jobId: string }>()
          t.strictSame((await app.jobs(job).queue.getJob(jobId))?.data, own.json(), 'stores what the host would have got')
        } else {
          t.match(ours, { statusCode: own.statusCode }, payload)
          t.equal(ours.json<{ detail: string }>().detail, own.json<{ message: string }>().message)
        }
      }
    })
  }
}))

t.test('honours the host\'s validator and its way of telling errors', t => onEachEngine(t, async (t, { connection }) => {
  const job = define()
  const app = Fastify({ schemaErrorFormatter: (errors) => new Error(`own words: ${errors[0]?.message}`) })
  t.teardown(() => app.close())
  await app.register(asyncJobs, { job, connection, prefix: '/standard' })
  t.match((await app.inject({ method: 'POST', url: '/standard', payload: {} })).json(), { status: 400, code: 'INPUT_INVALID', detail: "own words: must have required property 'text'" })

  await t.test('a validatorCompiler', async t => {
    const other = Fastify()
    t.teardown(() => other.close())
    other.setValidatorCompiler(({ httpPart }) => (input: unknown) => httpPart !== 'body' ? true : (input as { magic?: boolean }).magic === true ? { value: { text: 'replaced' } } : { error: new Error('no magic') })
    const job = define()
    await other.register(asyncJobs, { job, connection, prefix: '/jobs' })
    const { submit } = service(other, '/jobs')
    t.match(await submit({ text: 'valid by its schema' }), { statusCode: 400, body: { code: 'INPUT_INVALID', detail: 'no magic' } })
    const { body: { jobId } } = await submit({ magic: true })
    t.strictSame((await other.jobs(job).queue.getJob(jobId))?.data, { text: 'replaced' })
  })
}))

t.test('an input that is no object', t => onEachEngine(t, async (t, { connection }) => {
  const job = defineJob({ name: uniqueName(), input: Type.Array(Type.Integer()), output: Type.Integer() })
  const { submit, until, result } = await startService(t, { job, connection, processor: numbers => numbers.reduce((sum, n) => sum + n, 0) })
  const { body: { jobId } } = await submit([1, 2, 3])
  await until(jobId, 'completed')
  t.match(await result(jobId), { statusCode: 200, body: 6 })
}))

t.test('a client that hangs up in the middle of its body leaves nothing behind', t => onEachEngine(t, async (t, { connection }) => {
  const job = define()
  const app = Fastify()
  t.teardown(() => app.close())
  const aborted = new Promise<void>(resolve => { app.addHook('onRequestAbort', async _request => { resolve() }) })
  await app.register(asyncJobs, { job, connection, prefix: '/jobs' })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const client = request({ port, host: '127.0.0.1', method: 'POST', path: '/jobs', headers: { 'content-type': 'application/json', 'content-length': '100' } })
  client.on('error', () => {})
  const received = new Promise<void>(resolve => { app.server.once('request', () => { resolve() }) })
  client.write('{"text":"he')
  await received
  client.destroy()
  await aborted
  t.equal(await app.jobs(job).queue.getWaitingCount(), 0)
}))

t.test('the host gives each job options of its own', t => onEachEngine(t, async (t, { connection }) => {
  const job = defineJob({ ...schemas, name: uniqueName(), startBy: 60 })
  const { app, submit } = await startService(t, {
    job,
    connection,
    jobOptions: async ({ headers }, { text }) => headers['x-plan'] === 'gold' ? { priority: text.length, timeout: 5_000, startBy: 10, delay: 600_000 } : undefined
  })
  const stored = async (jobId: string): Promise<object | undefined> => (await app.jobs(job).queue.getJob(jobId))?.opts
  const gold = (await submit({ text: 'abc' }, { 'x-plan': 'gold' })).body
  t.match(gold, { status: 'pending', nextAttemptAt: String })
  t.match(await stored(gold.jobId), { priority: 3, timeout: 5_000, startBy: 10, delay: 600_000, attempts: 3 })
  const plain = await stored((await submit({ text: 'abc' })).body.jobId) as Record<string, unknown>
  t.match(plain, { startBy: 60, attempts: 3 }, 'what is left out is the definition\'s')
  t.notOk(plain['priority'] || 'timeout' in plain)
}))

t.test('options that are wrong are the host\'s own mistake, and nothing of it goes out', t => onEachEngine(t, async (t, { connection }) => {
  const job = define()
  const app = Fastify()
  t.teardown(() => app.close())
  app.setErrorHandler((error: Error & { code?: string }, _request, reply) => { void reply.code(500).send({ by: 'host', code: error.code }) })
  await app.register(asyncJobs, {
    job,
    connection,
    prefix: '/jobs',
    jobOptions: (_request: FastifyRequest, { text }: { text: string }) => {
      if (text === 'throw') throw new Error('secret')
      return { priority: text === 'wrong' ? -4711 : 0, ...(text === 'unknown' && { secret: 4711 }) }
    }
  })
  const { submit } = service(app, '/jobs')
  for (const [text, code] of [['wrong', 'OPTION_INVALID'], ['unknown', 'OPTION_INVALID'], ['throw', undefined]] as const) {
    t.match(await submit({ text }), { statusCode: 500, body: { by: 'host', code } })
  }
  t.strictSame(await app.jobs(job).queue.getJobCounts('waiting', 'delayed', 'prioritized'), { waiting: 0, delayed: 0, prioritized: 0 }, 'and nothing is stored')
  t.equal((await submit({ text: 'fine' })).statusCode, 202)
}))

t.test('a job that is done, whose output cannot be read now, is accepted all the same', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  const job = exampleJobs('/jobs', 3).pending
  const operations = { submit: async () => ({ job, replayed: false }), status: async () => ({ ...job, status: 'completed' }), result: async () => { throw new StoreUnavailableError() } }
  await registerFakeRoutes(app, { definition: define(), operations: operations as never })
  const answer = await app.inject({ method: 'POST', url: '/', payload: { text: 'a' }, headers: { prefer: 'wait=1' } })
  t.equal(answer.statusCode, 202)
  t.equal(answer.headers.location, job.links.status)
  t.notOk('content-location' in answer.headers)
})

t.test('a more urgent job is begun before others', t => onEachEngine(t, async (t, { connection }) => {
  const job = define()
  const done: string[] = []
  const { app, until } = await startService(t, { job, connection, processor: ({ text }) => { done.push(text); return { length: 0 } } })
  const jobs = app.jobs(job)
  await jobs.queue.pause()
  const ids = []
  for (const [text, priority] of [['later', 5], ['sooner', 2]] as const) ids.push((await jobs.submit({ text }, { priority })).jobId)
  await jobs.queue.resume()
  for (const jobId of ids) await until(jobId, 'completed')
  t.strictSame(done, ['sooner', 'later'])
}))

t.test('no body is no input', async t => {
  const job = defineJob({ name: uniqueName(), input: Type.Null(), output: Type.Object({ got: Type.Null() }) })
  // On PostgreSQL, BullMQ gives workers {} for null.
  const { app } = await startService(t, { job, connection: redisUrl(), processor: got => ({ got }) })
  const answer = await app.inject({ method: 'POST', url: '/jobs', headers: { prefer: 'wait=20' } })
  t.strictSame([answer.statusCode, answer.json()], [200, { got: null }])
})
