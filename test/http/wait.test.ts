import t from 'tap'
import { request as httpRequest } from 'node:http'
import { defineJob, JobError, Type } from '../../lib/index.js'
import { preferredWait } from '../../lib/http/wait.js'
import { onEachEngine, redisUrl, uniqueName } from '../helpers/engines.js'
import { latch } from '../helpers/latch.js'
import { startRedis } from '../helpers/redis-server.js'
import { startService } from '../helpers/service.js'
import { listen } from '../helpers/watch.js'

const schemas = { input: Type.Object({ text: Type.Optional(Type.String()) }), output: Type.Object({ ok: Type.Boolean() }) }
const define = (options: object = {}) => defineJob({ ...schemas, name: uniqueName(), ...options })

t.test('what a Prefer header asks for', async t => {
  const cases: Array<[prefer: string | string[] | undefined, seconds: number | undefined]> = [
    [undefined, undefined], ['', undefined], ['respond-async', undefined],
    ['wait=10', 10], ['wait=0', 0], ['WAIT=10', 10], [' wait = 10 ', 10], ['wait="10"', 10],
    ['respond-async, wait=10', 10], ['wait=10, respond-async', 10], [['respond-async', 'wait=10'], 10], ['wait=10; foo="bar, wait=7"', 10], ['wait=10;x', 10],
    ['wait=5, wait=10', 5], ['wait=soon, wait=10', 10], [',,wait=10,,', 10],
    ['wait', undefined], ['wait=', undefined], ['wait=-1', undefined], ['wait=1.5', undefined], ['wait=1e3', undefined], ['wait=10s', undefined], ['wait="1s"', undefined], ['await=10', undefined], ['wait=1 0', undefined],
    ['foo="wait=10"', undefined], ['foo="a, wait=10"', undefined], ['foo="\\", wait=10"', undefined], ['foo="a, wait=10', undefined], ['foo="\\', undefined], ['foo="", wait=10', 10],
    [`wait=${'9'.repeat(400)}`, Infinity]
  ]
  for (const [prefer, seconds] of cases) t.equal(preferredWait(prefer), seconds, String(prefer))
  const begun = performance.now()
  preferredWait(`foo="${'\\"'.repeat(100_000)}`)
  t.ok(performance.now() - begun < 500, 'a long one costs no more than its length')
})

t.test('an answer comes as soon as the job is final', t => onEachEngine(t, async (t, { connection }) => {
  const asked: Array<{ url: string, headers?: Record<string, string>, applied?: string }> = [
    { url: 'status?wait=50' },
    { url: 'status', headers: { prefer: 'wait=50' }, applied: 'wait=50' },
    { url: 'status', headers: { prefer: 'wait=1000' }, applied: 'wait=50' },
    { url: 'status?wait=50', headers: { prefer: 'wait=1' } },
    { url: 'result?wait=1000' },
    { url: 'result', headers: { prefer: 'wait=50' }, applied: 'wait=50' }
  ]
  for (const { url, headers = {}, applied } of asked) {
    const taken = latch()
    const end = latch()
    const { app, submit } = await startService(t, { job: define(), connection, processor: async () => { taken.open(); await end.promise; return { ok: true } } })
    const { body: { jobId } } = await submit({})
    const [route, query = ''] = url.split(/(?=\?)/)
    const answering = app.inject({ url: `/jobs/${route}/${jobId}${query}`, headers })
    await taken.promise
    end.open()
    const answer = await answering
    t.equal(answer.statusCode, 200)
    t.match(answer.json(), route === 'status' ? { status: 'completed' } : { ok: true })
    t.equal(answer.headers['preference-applied'], applied, `${url} ${headers['prefer']}`)
  }
}))

t.test('or after the wait, as it is then', t => onEachEngine(t, async (t, { connection }) => {
  const { app, submit } = await startService(t, { job: define(), connection, maxWait: 0 })
  const { body: { jobId } } = await submit({})
  t.match((await app.inject(`/jobs/status/${jobId}?wait=50`)).json(), { status: 'pending' })
  const early = await app.inject({ url: `/jobs/result/${jobId}`, headers: { prefer: 'wait=50' } })
  t.match(early, { statusCode: 409, headers: { 'preference-applied': 'wait=0', 'retry-after': '1' } })
  t.match(early.json(), { code: 'JOB_NOT_FINISHED' })
  t.match((await app.inject({ method: 'POST', url: '/jobs', payload: {}, headers: { prefer: 'wait=50' } })), { statusCode: 202, headers: { 'preference-applied': 'wait=0' } })
}))

t.test('a wait that is none', async t => {
  const { app, submit } = await startService(t, { job: define(), connection: redisUrl() })
  const { body: { jobId } } = await submit({})
  for (const route of ['status', 'result']) {
    for (const wait of ['soon', '-1', '1.5']) {
      const answer = await app.inject(`/jobs/${route}/${jobId}?wait=${wait}`)
      t.match(answer.json(), { status: 400, code: 'QUERY_INVALID', issues: [{ pointer: '/wait', detail: String }] })
    }
  }
  t.match((await app.inject('/jobs/status/unknown?wait=5')).json(), { code: 'JOB_NOT_FOUND' }, 'nobody waits for what is not there')
})

t.test('a host whose validator changes no types', async t => {
  const { app, submit } = await startService(t, { job: define(), connection: redisUrl(), maxWait: 0 }, { ajv: { customOptions: { coerceTypes: false } } })
  const { body: { jobId } } = await submit({})
  t.match((await app.inject(`/jobs/status/${jobId}?wait=5`)).json(), { status: 'pending' })
  t.match((await app.inject(`/jobs/result/${jobId}?wait=5`)).json(), { code: 'JOB_NOT_FINISHED' })
  for (const wait of ['soon', '-1', '1.5', '']) t.match((await app.inject(`/jobs/status/${jobId}?wait=${wait}`)).json(), { code: 'QUERY_INVALID' }, wait)
})

t.test('a submission that waits is answered as the result would be', t => onEachEngine(t, async (t, { connection }) => {
  const job = define({ attempts: 1 })
  const { app, result } = await startService(t, {
    job,
    connection,
    processor: ({ text }) => {
      if (text === 'cancel') throw new JobError('CANCELED', 'Nobody wants it')
      if (text === 'fail') throw new JobError('NO_TEXT', 'There is no text', { status: 422 })
      return { ok: true }
    }
  })
  for (const [text, statusCode] of [['fine', 200], ['fail', 422], ['cancel', 409]] as const) {
    const answer = await app.inject({ method: 'POST', url: '/jobs', payload: { text }, headers: { prefer: 'wait=50' } })
    const jobId = /result\/(.+)/.exec(String(answer.headers['content-location']))?.[1] as string
    t.equal(answer.headers['preference-applied'], 'wait=50')
    t.notOk('location' in answer.headers || 'retry-after' in answer.headers)
    const later = await result(jobId)
    t.equal(answer.statusCode, statusCode)
    t.strictSame([answer.statusCode, answer.headers['content-type'], answer.json()], [later.statusCode, later.headers['content-type'], later.body])
  }
}))

t.test('what is accepted is told so, also where the store goes away while it is waited for', async t => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const taken = latch()
  const end = latch()
  t.teardown(() => { end.open() })
  const { app } = await startService(t, { job: define(), connection: redis.url, processor: async () => { taken.open(); await end.promise; return { ok: true } }, maxWait: 1, worker: { closeTimeout: 0 } })
  const answering = app.inject({ method: 'POST', url: '/jobs', payload: {}, headers: { prefer: 'wait=1' } })
  await taken.promise
  await redis.kill()
  t.match(await answering, { statusCode: 202, headers: { location: String, 'preference-applied': 'wait=1' } })
})

t.test('a client that hangs up waits no more', async t => {
  const { app, submit } = await startService(t, { job: define(), connection: redisUrl() })
  const { body: { jobId } } = await submit({})
  const origin = await listen(app)
  const responded = latch()
  const received = latch()
  app.server.on('request', (_request, response) => { received.open(); response.once('close', () => { responded.open() }) })
  const client = httpRequest(`${origin}/jobs/status/${jobId}?wait=60`)
  client.on('error', () => {})
  client.end()
  await received.promise
  client.destroy()
  await responded.promise
  await app.close()
  t.pass('nothing is left that keeps the service from closing')
})

t.test('a service that closes answers who waits', t => onEachEngine(t, async (t, { connection }) => {
  const { app, submit } = await startService(t, { job: define(), connection })
  const { body: { jobId } } = await submit({})
  const received = latch()
  const origin = await listen(app)
  app.server.on('request', () => { received.open() })
  const answering = fetch(`${origin}/jobs/status/${jobId}?wait=60`)
  await received.promise
  await app.close()
  t.match(await (await answering).json(), { status: 'pending' })
}))
