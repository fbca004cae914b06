import etag from '@fastify/etag'
import Fastify from 'fastify'
import { asyncJobs } from '../../lib/index.js'
import { listen, testHost } from '../helpers/host.js'

/* Hashes each answer. */
testHost(async (guest, t) => {
  const app = Fastify()
  await app.register(etag)
  await app.register(asyncJobs, guest)
  return listen(app, t)
})
