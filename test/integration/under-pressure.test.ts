import underPressure from '@fastify/under-pressure'
import Fastify from 'fastify'
import t from 'tap'
import { asyncJobs, defineJob, Type } from '../../lib/index.js'
import { redisUrl, uniqueName } from '../helpers/engines.js'
import { eventually, service } from '../helpers/service.js'

t.test('a host under pressure refuses jobs in its own way', async t => {
  let healthy = true
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(underPressure, { healthCheck: async () => healthy, healthCheckInterval: 5, retryAfter: 5 })
  await app.register(asyncJobs, { job: defineJob({ name: uniqueName(), input: Type.Object({}), output: Type.Null() }), prefix: '/jobs', connection: redisUrl() })
  await app.ready()
  const { submit } = service(app, '/jobs')
  t.equal((await submit({})).statusCode, 202)
  healthy = false
  const refused = await eventually(() => submit({}), ({ statusCode }) => statusCode !== 202)
  t.match(refused, { statusCode: 503, headers: { 'retry-after': '5' }, body: { code: 'FST_UNDER_PRESSURE' } })
})
