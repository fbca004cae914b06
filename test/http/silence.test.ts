import t from 'tap'
import Fastify from 'fastify'
import { asyncJobs, defineJob, Type } from '../../lib/index.js'
import { redisUrl, uniqueName } from '../helpers/engines.js'
import { latch } from '../helpers/latch.js'
import { listen, openSocket, openStream } from '../helpers/watch.js'

const CONNECTION_TIMEOUT = 200

t.test('who waits for a job may be silent, others not', async t => {
  const app = Fastify({ connectionTimeout: CONNECTION_TIMEOUT })
  t.teardown(() => app.close())
  const end = latch()
  const job = defineJob({ name: uniqueName(), input: Type.Object({}), output: Type.Object({ ok: Type.Boolean() }) })
  await app.register(asyncJobs, { job, connection: redisUrl(), prefix: '/jobs', processor: async () => { await end.promise; return { ok: true } } })
  app.get('/own', async () => { await end.promise; return 'own' })
  const origin = await listen(app)
  const { jobId, links } = await app.jobs(job).submit({})

  const waits = [`${origin}${links.status}?wait=60`, `${origin}${links.result}?wait=60`].map(url => fetch(url))
  const submission = fetch(`${origin}/jobs`, { method: 'POST', headers: { prefer: 'wait=60', 'content-type': 'application/json' }, body: '{}' })
  const { events } = await openStream(t, origin + links.events)
  t.match((await events.next()).value, { event: 'job' })
  const socket = await openSocket(t, `${origin}/jobs/socket`)
  socket.send({ type: 'subscribe', jobId })
  await socket.next()

  // A route of the host that takes as long is cut off: by then the others would have been, too. Twice: it counts anew.
  for (let n = 0; n < 2; n++) await t.rejects(fetch(`${origin}/own`))
  end.open()
  for (const wait of [...waits, submission]) t.equal((await wait).status, 200)
  let last
  for await (const event of events) last = event
  t.match(last, { event: 'job', data: { status: 'completed' } })
  t.equal(socket.socket.readyState, 1)
})

t.test('who does not read its answer may not', async t => {
  const app = Fastify({ connectionTimeout: CONNECTION_TIMEOUT })
  t.teardown(() => app.close())
  const job = defineJob({ name: uniqueName(), input: Type.Object({}), output: Type.Object({ ok: Type.Boolean() }) })
  await app.register(asyncJobs, { job, connection: redisUrl(), prefix: '/jobs', processor: () => ({ ok: true }) })
  const origin = await listen(app)
  const { jobId } = await app.jobs(job).submit({})
  await app.jobs(job).wait(jobId)
  const heard = new Promise<number>(resolve => {
    app.server.once('request', (_request, response) => { response.once('close', () => { resolve(response.listenerCount('timeout')) }) })
  })
  const answer = await fetch(`${origin}/jobs/result/${jobId}`)
  t.same(await answer.json(), { ok: true })
  t.equal(await heard, 0, 'the host\'s limit holds for it again')
})
