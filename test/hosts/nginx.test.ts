import t, { type Test } from 'tap'
import Fastify from 'fastify'
import { connect } from 'node:http2'
import { resolve } from 'node:path'
import { freePort } from '../../scripts/server-process.mjs'
import { startNginx } from '../../scripts/nginx.mjs'
import { asyncJobs } from '../../lib/index.js'
import { createJobsClient, type WatchEvent } from '../../lib/client/index.js'
import { provideWebSocket } from '../client/socket-server.js'
import { latch } from '../helpers/latch.js'
import { createGuest, listen, testHost, type Guest, type Host } from '../helpers/host.js'
import { http2Fetch } from '../helpers/http2-fetch.js'
import type { Greeting } from '../fixtures/versions/greeting.js'

/* nginx in front, with another prefix than the service has. What is not said here it does by default: it buffers. */

const UPGRADES = 'proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;'

/** @param location what stands in the location of the API */
async function front (guest: Guest, t: Test, location: string, { listenOptions = '', onRequest = (_url: string): void => {} } = {}): Promise<Host & { reload (): void }> {
  const app = Fastify()
  app.addHook('onRequest', async request => { onRequest(request.url) })
  await app.register(asyncJobs, { ...guest, publicUrl: '/api' })
  const service = await listen(app, t)
  const port = await freePort()
  const { reload, stop } = await startNginx(`
    server { listen 127.0.0.1:${port} ${listenOptions}; location /api/ { proxy_pass ${new URL(service.url).origin}/; ${location} } }
  `)
  t.teardown(stop)
  return { ...service, url: `http://127.0.0.1:${port}/api/jobs`, reload }
}

testHost((guest, t) => front(guest, t, UPGRADES), 'buffering')

testHost((guest, t) => front(guest, t, `${UPGRADES} gzip on; gzip_min_length 1; gzip_proxied any; gzip_types *;`), 'compressing')

testHost(async (guest, t) => {
  const pem = resolve('test/fixtures/localhost.pem')
  const host = await front(guest, t, `${UPGRADES} } ssl_certificate ${pem}; ssl_certificate_key ${pem}; location /none {`, { listenOptions: 'ssl http2' })
  const url = host.url.replace('http:', 'https:')
  const session = connect(new URL(url).origin, { rejectUnauthorized: false })
  t.teardown(() => { session.destroy() })
  return { ...host, url, client: { fetch: http2Fetch(session) }, socket: { rejectUnauthorized: false } }
}, 'HTTP/2')

t.test('a reload in the middle', async t => {
  provideWebSocket(t)
  const guest = createGuest()
  /** Opens at the second request of each kind: the first one was cut. */
  const again = { events: latch(), socket: latch(), status: latch() }
  const counts = new Map<string, number>()
  const { url, reload, close } = await front(guest, t, UPGRADES, {
    onRequest (path) {
      const [, kind = ''] = /^\/jobs\/(\w+)/.exec(path) ?? []
      counts.set(kind, (counts.get(kind) ?? 0) + 1)
      if (counts.get(kind) === 2) again[kind as keyof typeof again]?.open()
    }
  })
  t.teardown(close)
  const retry = { minDelay: 10, maxDelay: 100 }
  const jobs = createJobsClient<Greeting>(url, { retry })
  const job = await jobs.submit({ name: 'Ada', then: 'wait' })

  const output: string[] = []
  const told = latch()
  const watch = async (name: string, events: AsyncIterable<WatchEvent>): Promise<string> => {
    let status = ''
    for await (const event of events) {
      if (event.type === 'error') throw event.error
      if (event.type === 'job') status = event.job.status
      else if (output.push(name) === 2) told.open()
    }
    return status
  }
  const ends = Promise.all([
    watch('sse', createJobsClient<Greeting>(url, { retry, transport: 'sse' }).job(job.id).events()),
    watch('websocket', jobs.watch([job.id])),
    createJobsClient<Greeting>(url, { retry, transport: 'long-poll' }).job(job.id).wait().catch((error: Error) => error.name)
  ])
  await told.promise
  reload()
  await Promise.all(Object.values(again).map(({ promise }) => promise))
  await job.cancel()
  t.strictSame(await ends, ['canceled', 'canceled', 'JobCanceledError'])
  t.strictSame(output.sort(), ['sse', 'websocket'], 'nothing is told twice')
})
