import middie from '@fastify/middie'
import Fastify from 'fastify'
import { asyncJobs } from '../../lib/index.js'
import { listen, testHost } from '../helpers/host.js'

/* Middleware that waits, as those for sessions do. */
testHost(async (guest, t) => {
  const app = Fastify()
  await app.register(middie)
  app.use((_request: unknown, _response: unknown, next: () => void) => { setImmediate(next) })
  await app.register(asyncJobs, guest)
  return listen(app, t)
})
