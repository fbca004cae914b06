import Fastify, { type FastifyInstance } from 'fastify'
import { readFileSync } from 'node:fs'
import { connect } from 'node:http2'
import { asyncJobs } from '../../lib/index.js'
import { listen, testHost } from '../helpers/host.js'
import { http2Fetch } from '../helpers/http2-fetch.js'

/* HTTP/2 over TLS, with HTTP/1.1 for those who ask for a WebSocket. */
testHost(async (guest, t) => {
  const pem = readFileSync('test/fixtures/localhost.pem')
  const app = Fastify({ http2: true, https: { allowHTTP1: true, key: pem, cert: pem } }) as unknown as FastifyInstance
  await app.register(asyncJobs, guest)
  const host = await listen(app, t)
  const session = connect(new URL(host.url).origin, { rejectUnauthorized: false })
  t.teardown(() => { session.destroy() })
  return {
    ...host,
    client: { fetch: http2Fetch(session) },
    socket: { rejectUnauthorized: false },
    async close () {
      // Fastify waits for the sessions of its clients.
      session.close()
      await host.close()
    }
  }
})
