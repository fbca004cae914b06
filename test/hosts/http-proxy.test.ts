import proxy from '@fastify/http-proxy'
import Fastify from 'fastify'
import { createJobsClient } from '../../lib/client/index.js'
import { asyncJobs } from '../../lib/index.js'
import { listen, submitTo, testHost } from '../helpers/host.js'

/* Behind a gateway of Fastify's own, which gives the API another prefix. */
testHost(async (guest, t) => {
  const app = Fastify()
  await app.register(asyncJobs, { ...guest, publicUrl: '/gateway' })
  const inner = await listen(app, t)
  const gateway = Fastify()
  await gateway.register(proxy, { upstream: new URL(inner.url).origin, prefix: '/gateway', rewritePrefix: '/', websocket: true })
  const url = (await listen(gateway, t)).url.replace('/jobs', '/gateway/jobs')

  const jobId = await submitTo(inner, 'return')
  const { links } = await createJobsClient(url).job(jobId).status()
  t.equal((await fetch(new URL(links.status, url))).status, 200, 'links lead through the gateway')
  return {
    url,
    async close () {
      await inner.close()
      await gateway.close()
    }
  }
})
