import t, { type Test } from 'tap'
import { once } from 'node:events'
import { connect, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import Fastify, { type FastifyInstance } from 'fastify'
import { asyncJobs, defineJob, Type } from '../../lib/index.js'
import { redisUrl, uniqueName } from '../helpers/engines.js'

/** A host that speaks HTTP/2, and a client of its. */
async function start (t: Test): Promise<{ app: FastifyInstance, session: ClientHttp2Session, jobId: string, get (path: string): ClientHttp2Stream }> {
  const app = Fastify({ http2: true }) as unknown as FastifyInstance
  t.teardown(() => app.close())
  const job = defineJob({ name: uniqueName(), input: Type.Object({}), output: Type.Object({}) })
  await app.register(asyncJobs, { job, connection: redisUrl(), prefix: '/jobs' })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const session = connect(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}`)
  t.teardown(() => { session.destroy() })
  const { jobId } = await app.jobs(job).submit({})
  return { app, session, jobId, get: path => session.request({ ':path': path }) }
}

t.test('a request for the socket is told what to do', async t => {
  const { get } = await start(t)
  const request = get('/jobs/socket')
  const [headers] = await once(request, 'response') as [Record<string, unknown>]
  t.match(headers, { ':status': 426, 'content-type': /problem/ })
  request.resume()
  await once(request, 'close')
})

t.test('a service that closes ends the stream', async t => {
  const { app, session, jobId, get } = await start(t)
  const stream = get(`/jobs/events/${jobId}`)
  t.match(await once(stream, 'response'), [{ ':status': 200, 'content-type': 'text/event-stream' }])
  await once(stream, 'data')
  stream.resume()
  const closing = app.close()
  await once(stream, 'end')
  // Fastify waits for the sessions of its clients.
  session.close()
  await closing
})
