import t from 'tap'
import Fastify from 'fastify'
import swagger from '@fastify/swagger'
import asyncJobsDefault, { asyncJobs, defineJob, Type, type Job } from '../lib/index.js'
import { jobLinks } from '../lib/job/links.js'
import { onEachEngine, redisUrl, uniqueName } from './helpers/engines.js'
import { service } from './helpers/service.js'

const schemas = { input: Type.Object({ text: Type.String() }), output: Type.Object({ length: Type.Number() }) }
const define = () => defineJob({ ...schemas, name: uniqueName() })
const processor = ({ text }: { text: string }): { length: number } => ({ length: text.length })

t.test('is a Fastify plugin with a name', async t => {
  t.equal(asyncJobs, asyncJobsDefault)
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(asyncJobs, { job: define(), connection: redisUrl(), prefix: '/jobs' })
  t.ok(app.hasPlugin('fastify-async-jobs'))
})

t.test('two jobs under two prefixes', t => onEachEngine(t, async (t, { connection }) => {
  const app = Fastify()
  t.teardown(() => app.close())
  const [one, two] = [define(), define()]
  await app.register(asyncJobs, { job: one, connection, prefix: '/one', processor })
  await app.register(asyncJobs, { job: two, connection, prefix: '/two', processor: () => ({ length: -1 }) })
  const [first, second] = [service(app, '/one'), service(app, '/two')]
  const { body: { jobId, links } } = await first.submit({ text: 'hello' })
  const other = await second.submit({ text: 'hello' })
  t.strictSame(links, jobLinks('/one', jobId))
  await first.until(jobId, 'completed')
  await second.until(other.body.jobId, 'completed')
  t.match(await first.result(jobId), { body: { length: 5 } })
  t.match(await second.result(other.body.jobId), { body: { length: -1 } })
  t.equal((await second.status(jobId)).statusCode, 404, 'a job is found only where it belongs')
}))

t.test('paths', t => onEachEngine(t, async (t, { connection }) => {
  const cases: Array<{ outer: string, prefix?: string, publicUrl?: string, url: string, base: string }> = [
    { outer: '/api/v1', prefix: '/analysis', url: '/api/v1/analysis', base: '/api/v1/analysis' },
    { outer: '/api/', prefix: '/analysis/', url: '/api/analysis', base: '/api/analysis' },
    { outer: '', url: '', base: '' },
    { outer: '/api', prefix: '/analysis', publicUrl: 'https://api.example.com/gateway', url: '/api/analysis', base: 'https://api.example.com/gateway/api/analysis' },
    { outer: '/año/:tenant', prefix: '/análisis', url: '/a%C3%B1o/ac%20me/an%C3%A1lisis', base: '/a%C3%B1o/ac%20me/an%C3%A1lisis' },
    { outer: '', prefix: '/✓', publicUrl: 'https://bücher.example/gateway', url: '/%E2%9C%93', base: 'https://xn--bcher-kva.example/gateway/%E2%9C%93' },
    { outer: '/tenants/:tenant', prefix: '/analysis', url: '/tenants/ac%20me/analysis', base: '/tenants/ac%20me/analysis' },
    { outer: '/tenants/:tenant', prefix: '/analysis', publicUrl: 'https://api.example.com', url: '/tenants/acme/analysis', base: 'https://api.example.com/tenants/acme/analysis' }
  ]
  for (const { outer, prefix, publicUrl, url, base } of cases) {
    await t.test(`${outer} + ${prefix} + ${publicUrl}`, async t => {
      const app = Fastify()
      t.teardown(() => app.close())
      await app.register(async host => {
        await host.register(asyncJobs, { job: define(), connection, prefix, publicUrl })
      }, { prefix: outer })
      const answer = await app.inject({ method: 'POST', url: `${url}/`, payload: { text: 'a' } })
      t.equal(answer.statusCode, 202)
      const { jobId, links } = answer.json<Job>()
      t.strictSame(links, jobLinks(base, jobId))
      t.equal(answer.headers.location, links.status)
      const path = new URL(links.status, 'http://host').pathname.replace('/gateway', '')
      t.strictSame((await app.inject(path)).json<Job>().links, links, 'the status tells the same')
    })
  }
}))

t.test('leaves the host alone', t => onEachEngine(t, async (t, { connection }) => {
  const app = Fastify()
  t.teardown(() => app.close())
  const seen: string[] = []
  app.setErrorHandler((error: Error, _request, reply) => { void reply.code(418).send({ host: error.message }) })
  app.setNotFoundHandler((_request, reply) => { void reply.code(404).send({ host: 'not found' }) })
  app.addHook('onRequest', async (request) => {
    seen.push(request.url)
    if (request.headers.authorization === undefined) throw new Error('who are you?')
  })
  await app.register(asyncJobs, { job: define(), connection, prefix: '/jobs' })
  app.get('/own', async () => { throw new Error('own') })
  const headers = { authorization: 'me' }

  t.match((await app.inject('/jobs/status/x')).json(), { host: 'who are you?' }, 'its hooks run before our routes, and their errors are its own')
  t.match((await app.inject({ url: '/jobs/status/x', headers })).json(), { code: 'JOB_NOT_FOUND' }, 'our errors are ours')
  t.match((await app.inject({ url: '/own', headers })).json(), { host: 'own' })
  t.match((await app.inject({ url: '/jobs/nothing/here', headers })).json(), { host: 'not found' })
  t.strictSame(seen, ['/jobs/status/x', '/jobs/status/x', '/own', '/jobs/nothing/here'])
}))

t.test('errors: host leaves our errors to the host', t => onEachEngine(t, async (t, { connection }) => {
  const app = Fastify()
  t.teardown(() => app.close())
  app.setErrorHandler((error: Error & { code: string, statusCode: number }, _request, reply) => { void reply.code(error.statusCode).send({ host: error.code }) })
  await app.register(asyncJobs, { job: define(), connection, prefix: '/jobs', errors: 'host' })
  t.match(await app.inject('/jobs/status/x'), { statusCode: 404, body: '{"host":"JOB_NOT_FOUND"}' })
  t.match(await app.inject({ method: 'POST', url: '/jobs', payload: {} }), { statusCode: 400, body: '{"host":"FST_ERR_VALIDATION"}' })

  const plain = Fastify()
  t.teardown(() => plain.close())
  await plain.register(asyncJobs, { job: define(), connection, prefix: '/jobs', errors: 'host' })
  t.match((await plain.inject('/jobs/status/x')).json(), { statusCode: 404, code: 'JOB_NOT_FOUND', error: 'Not Found', message: 'There is no such job' }, 'also to Fastify\'s own')
}))

t.test('inside a host\'s own plugin', t => onEachEngine(t, async (t, { connection }) => {
  const app = Fastify()
  t.teardown(() => app.close())
  const job = define()
  await app.register(async inner => {
    inner.addHook('onRequest', async (_request, reply) => { void reply.header('x-inner', 'yes') })
    await inner.register(asyncJobs, { job, connection, prefix: '/jobs' })
    await inner.register(async innermost => {
      t.equal(innermost.jobs(job), inner.jobs(job), 'the handle is there for what is enclosed')
    })
  }, { prefix: '/inner' })
  await app.ready()
  t.match((await app.inject({ method: 'POST', url: '/inner/jobs', payload: { text: 'a' } })).headers, { 'x-inner': 'yes' })
  t.notOk(app.hasDecorator('jobs'), 'and not outside')
}))

t.test('with and without @fastify/swagger', async t => {
  for (const documented of [true, false]) {
    const app = Fastify()
    t.teardown(() => app.close())
    if (documented) await app.register(swagger, { openapi: { openapi: '3.1.0' } })
    await app.register(asyncJobs, { job: define(), connection: redisUrl(), prefix: '/jobs' })
    await app.ready()
    t.equal((await service(app, '/jobs').submit({ text: 'a' })).statusCode, 202)
    if (documented) t.strictSame(Object.keys(app.swagger().paths ?? {}).sort(), ['/jobs', '/jobs/cancel/{jobId}', '/jobs/events/{jobId}', '/jobs/result/{jobId}', '/jobs/socket', '/jobs/status/{jobId}'])
  }
})

t.test('routes: false', t => onEachEngine(t, async (t, { connection }) => {
  const app = Fastify()
  t.teardown(() => app.close())
  const job = define()
  await app.register(asyncJobs, { job, connection, prefix: '/jobs', routes: false })
  t.match(await app.inject({ method: 'POST', url: '/jobs', payload: { text: 'a' } }), { statusCode: 404 })
  const submitted = await app.jobs(job).submit({ text: 'a' })
  t.match(submitted, { status: 'pending' }, 'the handle works')
  t.notOk('links' in submitted, 'and leads nowhere')
}))

t.test('refuses at registration', async t => {
  const job = define()
  const cases: Array<[name: string, options: object, message: RegExp]> = [
    ['an unknown option', { job, retries: 3 }, /options\.retries is no option/],
    ['a wrong type', { job, routes: 'yes' }, /options\.routes must be boolean; given: 'yes'/],
    ['no job', {}, /job must be what defineJob\(\) returns; given: undefined/],
    ['a module that does not exist', { job, connection: redisUrl(), processor: new URL('./nowhere.js', import.meta.url) }, /processor module .*nowhere\.js does not exist/],
    ['a module by a relative path', { job, connection: redisUrl(), processor: './processor.js' }, /processor module \.\/processor\.js is a relative path/],
    ['a connection of an unknown kind', { job, connection: 'mysql://root:secret@db' }, /options\.connection must begin with redis:/]
  ]
  for (const [name, options, message] of cases) {
    const app = Fastify()
    t.teardown(() => app.close())
    await t.rejects(async () => { await app.register(asyncJobs, { prefix: '/jobs', ...options } as never) }, { message }, name)
  }
})

t.test('does not boot with a processor module that cannot be loaded', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(asyncJobs, { job: defineJob({ ...schemas, name: uniqueName() }), prefix: '/jobs', connection: redisUrl(), processor: new URL('./fixtures/no-processor.js', import.meta.url) })
  await t.rejects(async () => { await app.ready() }, { code: 'PROCESSOR_MODULE', message: /no-processor\.js cannot be loaded: it has no function as its default export/ })
})

t.test('refuses an embedded connection in production', async t => {
  const { NODE_ENV } = process.env
  process.env['NODE_ENV'] = 'production'
  t.teardown(() => { if (NODE_ENV === undefined) delete process.env['NODE_ENV']; else process.env['NODE_ENV'] = NODE_ENV })
  const app = Fastify()
  t.teardown(() => app.close())
  await t.rejects(async () => { await app.register(asyncJobs, { job: define(), prefix: '/jobs' }) }, { code: 'EMBEDDED_IN_PRODUCTION' })
})

t.test('refuses two definitions of one name, and two jobs on one prefix', async t => {
  const job = define()
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(asyncJobs, { job, connection: redisUrl(), prefix: '/jobs' })
  await t.rejects(async () => { await app.register(asyncJobs, { job, connection: redisUrl(), prefix: '/jobs' }) }, { code: 'PREFIX_TAKEN', message: `the prefix "/jobs" has the job "${job.name}" already` })
  const other = Fastify()
  t.teardown(() => other.close())
  await other.register(asyncJobs, { job, connection: redisUrl(), prefix: '/jobs' })
  const namesake = defineJob({ ...schemas, name: job.name })
  await t.rejects(async () => { await other.register(asyncJobs, { job: namesake, connection: redisUrl(), prefix: '/more' }) }, { code: 'JOB_TWICE' })
})

t.test('the same job under two prefixes, each with an owner and limits of its own', t => onEachEngine(t, async (t, { connection }) => {
  const job = define()
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(asyncJobs, { job, connection, prefix: '/v1', owner: request => String(request.headers['x-user']), maxPending: 1 })
  await app.register(asyncJobs, { job, connection, prefix: '/internal', processor })
  const [outside, inside] = [service(app, '/v1'), service(app, '/internal')]
  const alice = { 'x-user': 'alice' }
  const { body: { jobId, links } } = await outside.submit({ text: 'hello' }, { ...alice, 'idempotency-key': 'k' })
  t.strictSame(links, jobLinks('/v1', jobId))
  t.match(await inside.until(jobId, 'completed'), { links: jobLinks('/internal', jobId) })
  t.match(await app.inject({ url: `/v1/result/${jobId}`, headers: alice }), { statusCode: 200 })
  const own = (await inside.submit({ text: 'hello!' }, { 'idempotency-key': 'k' })).body.jobId
  t.not(own, jobId, 'a key is for one prefix')
  await inside.until(own, 'completed')
  t.match(await app.inject({ url: `/v1/result/${own}`, headers: alice }), { statusCode: 404 }, 'it is not hers')
  t.strictSame((await app.jobs(job).status(own)).links, jobLinks('/v1', own), 'the handle is that of the first')
  await app.jobs(job).submit({ text: 'waits' }, { delay: 60_000 })
  t.match(await outside.submit({ text: 'one too many' }, alice), { statusCode: 503, body: { code: 'QUEUE_FULL' } })
  t.match(await inside.submit({ text: 'no limit here' }), { statusCode: 202 })
}))

t.test('a job has one processor in a service', async t => {
  const job = define()
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(asyncJobs, { job, connection: redisUrl(), prefix: '/v1', processor })
  await t.rejects(async () => { await app.register(asyncJobs, { job, connection: redisUrl(), prefix: '/v2', processor }) }, { code: 'PROCESSOR_TWICE' })
})

t.test('warns that an omitted connection keeps jobs in memory', async t => {
  const lines: string[] = []
  const app = Fastify({ logger: { level: 'warn', stream: { write: (line: string) => { lines.push(line) } } } })
  t.teardown(() => app.close())
  const [one, two] = [define(), define()]
  await app.register(asyncJobs, { job: one, prefix: '/one', processor })
  await app.register(asyncJobs, { job: two, prefix: '/two', processor })
  t.match(lines.map(line => JSON.parse(line) as object), [
    { level: 40, msg: `fastify-async-jobs: no connection for the job "${one.name}": its jobs live in the memory of this process` },
    { level: 40, msg: `fastify-async-jobs: no connection for the job "${two.name}"` }
  ])
  const { submit, until } = service(app, '/one')
  await until((await submit({ text: 'a' })).body.jobId, 'completed')
})
