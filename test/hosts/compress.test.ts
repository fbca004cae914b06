import compress from '@fastify/compress'
import Fastify from 'fastify'
import { asyncJobs } from '../../lib/index.js'
import { listen, testHost } from '../helpers/host.js'

/* Compresses whatever the client takes compressed, event streams, too. */
testHost(async (guest, t) => {
  const app = Fastify()
  await app.register(compress, { global: true, threshold: 0, customTypes: () => true })
  await app.register(asyncJobs, guest)
  return listen(app, t)
})
