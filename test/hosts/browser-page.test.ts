import cors from '@fastify/cors'
import helmet from '@fastify/helmet'
import Fastify from 'fastify'
import { asyncJobs } from '../../lib/index.js'
import { listen, submitTo, testHost } from '../helpers/host.js'

/* For the page of another origin: @fastify/cors and @fastify/helmet. */
testHost(async (guest, t) => {
  const app = Fastify()
  await app.register(cors, { origin: ['https://app.example.com'], credentials: true, exposedHeaders: ['retry-after', 'location'] })
  await app.register(helmet)
  await app.register(asyncJobs, { ...guest, allowedOrigins: ['https://app.example.com'] })
  const host = await listen(app, t)

  const origin = 'https://app.example.com'
  const preflight = await fetch(host.url, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type,idempotency-key' } })
  t.equal(preflight.status, 204)
  const jobId = await submitTo({ ...host, client: { headers: { origin } } }, 'return')
  for (const path of [`/status/${jobId}`, `/events/${jobId}`, '/status/nobody']) {
    const answer = await fetch(host.url + path, { headers: { origin } })
    await answer.text()
    t.match(Object.fromEntries(answer.headers), {
      'access-control-allow-origin': origin, 'access-control-allow-credentials': 'true', 'x-content-type-options': 'nosniff', vary: /Origin/
    }, path)
  }
  return { ...host, client: { headers: { origin } }, socket: { headers: { origin } } }
})
