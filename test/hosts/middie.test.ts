import middie from '@fastify/middie'
import Fastify from 'fastify'
import { asyncJobs } from '../../lib/index.js'
import { listen, testHost } from '../helpers/host.js'

/* Middleware that waits, as those for sessions do. */
testHost(async guest => {
  const app = Fastify()
  await app.register(middie)
  app.use((_request, _response, next) => { setImmediate(next) })
  await app.register(asyncJobs, guest)
  return listen(app)
})
