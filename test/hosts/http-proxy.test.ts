import proxy from '@fastify/http-proxy'
import Fastify from 'fastify'
import { asyncJobs } from '../../lib/index.js'
import { listen, testHost } from '../helpers/host.js'

/* Behind a gateway of Fastify's own, which gives the API another prefix. */
testHost(async (guest, t) => {
  const app = Fastify()
  await app.register(asyncJobs, { ...guest, publicUrl: '/gateway' })
  const inner = await listen(app)
  const gateway = Fastify()
  await gateway.register(proxy, { upstream: new URL(inner.url).origin, prefix: '/gateway', rewritePrefix: '/', websocket: true })
  const url = (await listen(gateway)).url.replace('/jobs', '/gateway/jobs')

  const { links } = await app.jobs(guest.job).submit({ name: 'Ada', then: 'return' })
  t.equal((await fetch(new URL(links.status, url))).status, 200, 'links lead through the gateway')
  return {
    url,
    async close () {
      await inner.close()
      await gateway.close()
    }
  }
})
