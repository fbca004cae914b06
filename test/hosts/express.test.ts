import express from '@fastify/express'
import Fastify from 'fastify'
import { asyncJobs } from '../../lib/index.js'
import { listen, testHost } from '../helpers/host.js'

/* Middleware of Express, with routes of its own, before all that Fastify does. */
testHost(async (guest, t) => {
  const app = Fastify()
  await app.register(express)
  app.express.disable('x-powered-by')
  app.use((_request: unknown, response: { setHeader (name: string, value: string): void }, next: () => void) => {
    response.setHeader('x-middleware', 'yes')
    next()
  })
  app.express.get('/old', (_request: unknown, response: { send (body: string): void }) => { response.send('old') })
  await app.register(asyncJobs, guest)
  const host = await listen(app, t)
  t.equal(await (await fetch(new URL('/old', host.url))).text(), 'old')
  const answer = await fetch(`${host.url}/status/nobody`)
  t.match([answer.status, answer.headers.get('x-middleware')], [404, 'yes'])
  return host
})
