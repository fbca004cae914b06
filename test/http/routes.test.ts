import t from 'tap'
import Fastify from 'fastify'
import { connect } from 'node:http2'
import { once } from 'node:events'
import swagger from '@fastify/swagger'
import { asyncJobs, defineJob, Type } from '../../lib/index.js'
import { redisUrl, uniqueName } from '../helpers/engines.js'
import { latch } from '../helpers/latch.js'
import { service } from '../helpers/service.js'
import { listen } from '../helpers/watch.js'

const define = () => defineJob({ name: uniqueName('index'), input: Type.Object({}), output: Type.Null() })

t.test('an input that cannot be documented as an example', async t => {
  for (const input of [Type.String(), Type.Unknown(), Type.Object({ a: Type.Number() })]) {
    const app = Fastify()
    t.teardown(() => app.close())
    await app.register(swagger, { openapi: { openapi: '3.1.0' } })
    await app.register(asyncJobs, { job: defineJob({ name: uniqueName(), input, output: Type.Null() }), connection: redisUrl(), prefix: '/jobs' })
    await app.ready()
    t.ok(app.swagger().paths?.['/jobs']?.post)
  }
})

t.test('a host that documents itself in Swagger 2.0', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(swagger)
  await app.register(asyncJobs, { job: define(), connection: redisUrl(), prefix: '/jobs' })
  await app.ready()
  t.match(app.swagger(), { swagger: '2.0', paths: { '/jobs': { post: { summary: '1. Submit a job' } } } })
})

t.test('the path of the submission, with and without a slash', async t => {
  for (const options of [{}, { routerOptions: { ignoreTrailingSlash: true } }]) {
    const app = Fastify(options)
    t.teardown(() => app.close())
    await app.register(asyncJobs, { job: define(), connection: redisUrl(), prefix: '/jobs' })
    for (const url of ['/jobs', '/jobs/']) t.match(await app.inject({ method: 'POST', url, payload: {} }), { statusCode: 202 }, url)
    t.equal((await service(app, '/jobs').submit({})).statusCode, 202)
  }
})

t.test('a host that speaks HTTP/2 closes, too, while somebody waits', async t => {
  const app = Fastify({ http2: true })
  t.teardown(() => app.close())
  const job = define()
  await app.register(asyncJobs, { job, connection: redisUrl(), prefix: '/jobs' })
  const received = latch()
  app.addHook('preHandler', async () => { received.open() })
  const client = connect(await listen(app as never))
  t.teardown(() => { client.destroy() })
  const { jobId } = await app.jobs(job).submit({})
  const stream = client.request({ ':path': `/jobs/status/${jobId}?wait=60` })
  const answer = once(stream, 'response')
  stream.resume()
  await received.promise
  const closing = app.close()
  t.match(await answer, [{ ':status': 200 }])
  client.close()
  await closing
})

t.test('a host that limits the time of its handlers limits no wait', async t => {
  const app = Fastify({ handlerTimeout: 50 })
  t.teardown(() => app.close())
  const end = latch()
  const job = define()
  await app.register(asyncJobs, { job, connection: redisUrl(), prefix: '/jobs', processor: async () => { await end.promise } })
  app.get('/slow', async () => { await end.promise })
  const origin = await listen(app)
  const { jobId } = await app.jobs(job).submit({})
  const waiting = fetch(`${origin}/jobs/status/${jobId}?wait=20`)
  const watching = fetch(`${origin}/jobs/events/${jobId}`).then(response => response.text())
  t.equal((await fetch(`${origin}/slow`)).status, 503, 'its own routes have so much time as before')
  end.open()
  t.match(await (await waiting).json(), { status: 'completed' })
  t.match(await watching, '"status":"completed"')
})

t.test('no cache may keep an answer of ours', async t => {
  const job = define()
  const app = Fastify()
  t.teardown(() => app.close())
  app.addHook('onRequest', async (request, reply) => {
    void reply.header('cache-control', 'public, max-age=600')
    if (request.headers['x-stranger'] !== undefined) await reply.code(401).send()
  })
  await app.register(asyncJobs, { job, connection: redisUrl(), prefix: '/jobs', maxWait: 0, processor: () => null })
  await app.ready()
  const { jobId } = await app.jobs(job).submit({})
  await app.jobs(job).wait(jobId)
  const origin = await listen(app)
  const events = await fetch(`${origin}/jobs/events/${jobId}`)
  const [, last] = /id: (.*)\nevent: job/.exec(await events.text()) as unknown as [string, string]
  t.equal(events.headers.get('cache-control'), 'no-store, no-transform', 'a stream')
  const cases: Array<[status: number, path: string, init?: RequestInit]> = [
    [202, '', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }],
    [400, '', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '[]' }],
    [401, `/result/${jobId}`, { headers: { 'x-stranger': 'yes' } }],
    [200, `/status/${jobId}`],
    [400, `/status/${jobId}?wait=a`],
    [404, '/status/unknown'],
    [404, `/status/${'x'.repeat(1_000)}`],
    [200, `/result/${jobId}`],
    [404, '/result/unknown'],
    [409, `/cancel/${jobId}`, { method: 'POST' }],
    [204, `/events/${jobId}`, { headers: { 'last-event-id': last } }],
    [404, '/events/unknown'],
    [426, '/socket']
  ]
  for (const [status, path, init] of cases) {
    const answer = await fetch(`${origin}/jobs${path}`, init)
    await answer.text()
    t.strictSame([answer.status, answer.headers.get('cache-control')], [status, 'no-store'], path)
  }
})
