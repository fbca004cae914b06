import multipart from '@fastify/multipart'
import Fastify from 'fastify'
import { asyncJobs } from '../../lib/index.js'
import { listen, submitTo, testHost } from '../helpers/host.js'

/* Takes forms on its own routes, and jobs from them. */
testHost(async (guest, t) => {
  const app = Fastify()
  await app.register(multipart, { attachFieldsToBody: 'keyValues' })
  await app.register(asyncJobs, guest)
  app.post<{ Body: { name: string } }>('/form', async request => app.jobs(guest.job).submit({ name: request.body.name, then: 'return' }))
  const host = await listen(app, t)

  await submitTo(host, 'return')
  const form = new FormData()
  form.set('name', 'Ada')
  const submitted = await fetch(new URL('/form', host.url), { method: 'POST', body: form })
  const { jobId } = await submitted.json() as { jobId: string }
  t.strictSame(await app.jobs(guest.job).wait(jobId), { greeting: 'Hello Ada' })
  const refused = await fetch(host.url, { method: 'POST', body: form })
  t.match(refused.headers.get('content-type'), /^application\/problem\+json/, 'a form is no input')
  t.equal(refused.status, 400)
  return host
})
