import cookie from '@fastify/cookie'
import session from '@fastify/session'
import Fastify from 'fastify'
import { asyncJobs } from '../../lib/index.js'
import { listen, testHost } from '../helpers/host.js'

declare module 'fastify' {
  interface Session { user?: string }
}

/* Whose a job is, the session tells; the cookie is renewed with each answer, the stream's, too. */
testHost(async (guest, t) => {
  const app = Fastify()
  await app.register(cookie)
  await app.register(session, { secret: 'a secret with 32 characters or more', cookie: { secure: false }, rolling: true })
  app.get('/login', async request => {
    request.session.user = 'ada'
    return {}
  })
  await app.register(asyncJobs, {
    ...guest,
    owner (request) {
      if (request.session.user === undefined) throw Object.assign(new Error('Log in'), { statusCode: 401 })
      return request.session.user
    }
  })
  const host = await listen(app, t)
  const login = await fetch(new URL('/login', host.url))
  const [cookies = ''] = login.headers.getSetCookie()
  const [sent = ''] = cookies.split(';')
  return { ...host, client: { headers: { cookie: sent } }, socket: { headers: { cookie: sent } } }
})
