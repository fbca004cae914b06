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
