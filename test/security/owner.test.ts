import t, { type Test } from 'tap'
import Fastify, { type FastifyInstance } from 'fastify'
import { asyncJobs, defineJob, Type, type AsyncJobsOptions, type Job } from '../../lib/index.js'
import { createJobsClient } from '../../lib/client/index.js'
import { onEachEngine, redisUrl, uniqueName } from '../helpers/engines.js'
import { latch } from '../helpers/latch.js'
import { all, listen, openSocket, openStream } from '../helpers/watch.js'

const schemas = { input: Type.Object({ text: Type.String() }), output: Type.Object({ text: Type.String() }) }
const define = () => defineJob({ ...schemas, name: uniqueName() })
type Definition = ReturnType<typeof define>

class Unauthorized extends Error { readonly statusCode = 401 }

/** A service whose users tell their names. */
async function start (t: Test, job: Definition, options: Partial<AsyncJobsOptions<Definition>> = {}): Promise<FastifyInstance> {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(asyncJobs, {
    job,
    prefix: '/jobs',
    owner: ({ headers }) => {
      if (headers['x-user'] === undefined) throw new Unauthorized('Who are you?')
      return headers['x-user'] as string
    },
    ...options
  })
  await app.ready()
  return app
}

const as = (user: string) => ({ 'x-user': user })

async function submit (app: FastifyInstance, user: string, text = 'secret', headers = {}): Promise<Job> {
  const answer = await app.inject({ method: 'POST', url: '/jobs', headers: { ...as(user), ...headers }, payload: { text } })
  if (answer.statusCode !== 202) throw new Error(`${answer.statusCode} ${answer.body}`)
  return answer.json<Job>()
}

/** Every way to ask for a job over HTTP. */
const requests = (jobId: string): Array<{ method: 'GET' | 'POST', url: string }> => [
  { method: 'GET', url: `/jobs/status/${jobId}` },
  { method: 'GET', url: `/jobs/status/${jobId}?wait=30` },
  { method: 'GET', url: `/jobs/result/${jobId}` },
  { method: 'GET', url: `/jobs/result/${jobId}?wait=30` },
  { method: 'POST', url: `/jobs/cancel/${jobId}` },
  { method: 'GET', url: `/jobs/events/${jobId}` }
]
const UNKNOWN = '6f1c2b1e-8f0a-4b57-9d3e-2a7c5d4e9f10'

t.test('a job is its owner\'s', t => onEachEngine(t, async (t, { connection }) => {
  const job = define()
  const app = await start(t, job, { connection, processor: ({ text }) => ({ text }) })
  const { jobId } = await submit(app, 'alice')
  const result = await app.inject({ url: `/jobs/result/${jobId}?wait=20`, headers: as('alice') })
  t.equal(result.statusCode, 200)
  // PostgreSQL writes JSON with spaces.
  t.strictSame(result.json(), { text: 'secret' })
  const url = await listen(app)
  t.match(await all((await openStream(t, `${url}/jobs/events/${jobId}`, as('alice'))).events), [{ event: 'job', data: { status: 'completed' } }])
  const { send, next } = await openSocket(t, `${url}/jobs/socket`, as('alice'))
  send({ type: 'subscribe', jobId })
  t.match(await next(), { type: 'job', job: { jobId, status: 'completed' } })
  t.strictSame(await app.jobs(job).result(jobId), { text: 'secret' }, 'the host\'s own code sees all')
}))

t.test('to anybody else it is one that never was', t => onEachEngine(t, async (t, { connection }) => {
  const job = define()
  const app = await start(t, job, { connection })
  const waiting = await submit(app, 'alice')
  const canceled = await submit(app, 'alice')
  t.match(await app.inject({ method: 'POST', url: `/jobs/cancel/${canceled.jobId}`, headers: as('alice') }), { statusCode: 200 })
  const hosts = await app.jobs(job).submit({ text: 'the host\'s' })
  for (const { jobId } of [waiting, canceled, hosts]) {
    for (const [index, request] of requests(jobId).entries()) {
      const answers = await Promise.all([request, requests(UNKNOWN)[index]].map(async each => {
        const { statusCode, headers: { date: _date, ...headers }, body } = await app.inject({ ...each, headers: as('bob') })
        return { statusCode, headers, body }
      }))
      t.equal(answers[0]?.statusCode, 404, `${request.method} ${request.url}`)
      t.strictSame(answers[0], answers[1])
    }
  }
  const { send, next } = await openSocket(t, `${await listen(app)}/jobs/socket`, as('bob'))
  const told = []
  for (const jobId of [waiting.jobId, UNKNOWN]) {
    send({ type: 'subscribe', jobId })
    told.push(JSON.stringify(await next()).replace(jobId, ''))
  }
  t.equal(told[0], told[1])
  t.equal((await app.jobs(job).status(waiting.jobId)).status, 'pending', 'nobody canceled it')
}))

t.test('also when it has expired, and where its owner is told so', async t => {
  const job = defineJob({ ...schemas, name: uniqueName(), retention: { completed: 1, failed: 1 } })
  const app = await start(t, job, { connection: redisUrl() })
  const { jobId } = await submit(app, 'alice')
  const { finishedOn } = await (async () => {
    await app.inject({ method: 'POST', url: `/jobs/cancel/${jobId}`, headers: as('alice') })
    return await app.jobs(job).queue.getJob(jobId) as { finishedOn: number }
  })()
  // By then it is expired; nobody is there to delete it.
  while (Date.now() <= finishedOn + 1_000) await new Promise(resolve => { setTimeout(resolve, finishedOn + 1_001 - Date.now()) })
  t.match(await app.inject({ url: `/jobs/status/${jobId}`, headers: as('alice') }), { statusCode: 410 })
  for (const request of requests(jobId)) t.match(await app.inject({ ...request, headers: as('bob') }), { statusCode: 404 })
})

t.test('the host\'s own code may submit for somebody', t => onEachEngine(t, async (t, { connection }) => {
  const job = define()
  const app = await start(t, job, { connection })
  const { jobId } = await app.jobs(job).submit({ text: '' }, { owner: 'alice' })
  t.match(await app.inject({ url: `/jobs/status/${jobId}`, headers: as('alice') }), { statusCode: 200 })
  t.match(await app.inject({ url: `/jobs/status/${jobId}`, headers: as('bob') }), { statusCode: 404 })
  for (const owner of ['', 5]) {
    await t.rejects(app.jobs(job).submit({ text: '' }, { owner: owner as string }), { code: 'OPTION_INVALID', message: /options.owner must be a string that is not empty; given: / })
  }
}))

t.test('each has idempotency keys of their own', t => onEachEngine(t, async (t, { connection }) => {
  const app = await start(t, define(), { connection })
  const key = { 'idempotency-key': 'k' }
  const first = await submit(app, 'alice', 'a', key)
  t.equal((await submit(app, 'alice', 'a', key)).jobId, first.jobId)
  t.not((await submit(app, 'bob', 'a', key)).jobId, first.jobId)
  t.equal((await submit(app, 'bob', 'a', key)).status, 'pending', 'another input under a key of somebody else is no conflict')
}))

t.test('who is nobody gets the host\'s own answer, on every route', async t => {
  const job = define()
  const app = await start(t, job, { connection: redisUrl() })
  t.match(await app.inject({ method: 'POST', url: '/jobs', payload: { text: '' } }), { statusCode: 401 })
  for (const request of requests(UNKNOWN)) t.match((await app.inject(request)).json(), { statusCode: 401, message: 'Who are you?' })
  await t.rejects(openSocket(t, `${await listen(app)}/jobs/socket`), { message: 'Unexpected server response: 401' })
  const wrong = await start(t, define(), { connection: redisUrl(), owner: () => '' })
  t.match((await wrong.inject(`/jobs/status/${UNKNOWN}`)), { statusCode: 500 })
})

t.test('credentials that hold no more end all subscriptions of their socket', async t => {
  const job = define()
  let user: string | Error = 'alice'
  const app = await start(t, job, { connection: redisUrl(), owner: () => { if (typeof user === 'string') return user; throw user } })
  const url = `${await listen(app)}/jobs/socket`
  const { jobId } = await submit(app, 'alice')
  for (const change of [new Unauthorized('The token has expired'), 'bob']) {
    user = 'alice'
    const { send, next, closed } = await openSocket(t, url)
    send({ type: 'subscribe', jobId })
    t.match(await next(), { type: 'job' })
    user = change
    send({ type: 'subscribe', jobId: UNKNOWN })
    t.strictSame(await closed, [3000, 'Your credentials hold no more: connect again with others'])
  }
})

t.test('what only keeps the owner from being known ends no socket', async t => {
  const job = define()
  let failure: unknown
  const lines: string[] = []
  const app = Fastify({ logger: { level: 'error', stream: { write: line => { lines.push(line) } } } })
  t.teardown(() => app.close())
  await app.register(asyncJobs, { job, prefix: '/jobs', connection: redisUrl(), owner: () => { if (failure === undefined) return 'alice'; throw failure } })
  const { jobId } = await app.jobs(job).submit({ text: '' }, { owner: 'alice' })
  const { send, next } = await openSocket(t, `${await listen(app)}/jobs/socket`)
  for (const thrown of [Object.assign(new Error('The database is away'), { statusCode: 503 }), null]) {
    failure = thrown
    send({ type: 'subscribe', jobId })
    t.match(await next(), { type: 'error', jobId, problem: { status: 500, code: 'INTERNAL_ERROR' } })
    t.notMatch((await app.inject(`/jobs/status/${jobId}`)).body, 'validationContext')
  }
  t.match(lines.join(''), 'The database is away')
  failure = undefined
  send({ type: 'subscribe', jobId })
  t.match(await next(), { type: 'job', job: { jobId } })
})

t.test('who hangs up while the owner is asked holds nothing', async t => {
  const job = define()
  const [asked, known] = [latch(), latch()]
  const app = await start(t, job, {
    connection: redisUrl(),
    maxConnections: 1,
    async owner ({ headers }) {
      if (headers['x-user'] !== 'slow') return headers['x-user'] as string
      asked.open()
      await known.promise
      return 'alice'
    }
  })
  const { jobId } = await submit(app, 'alice')
  const gone = new AbortController()
  const closed = new Promise(resolve => { app.server.once('request', (_request, response) => { response.once('close', resolve) }) })
  const answer = fetch(`${await listen(app)}/jobs/events/${jobId}`, { headers: as('slow'), signal: gone.signal }).catch(() => {})
  await asked.promise
  gone.abort()
  await Promise.all([answer, closed])
  known.open()
  t.equal((await openStream(t, `${await listen(app)}/jobs/events/${jobId}`, as('alice'))).response.status, 200)
})

t.test('an owner holds only so many connections', async t => {
  const job = define()
  const app = await start(t, job, { connection: redisUrl(), maxConnections: 2 })
  const url = await listen(app)
  const { jobId } = await submit(app, 'alice')
  const stream = await openStream(t, `${url}/jobs/events/${jobId}`, as('alice'))
  await stream.events.next()
  const { socket } = await openSocket(t, `${url}/jobs/socket`, as('alice'))
  const refused = { statusCode: 429, headers: { 'retry-after': '1' }, body: /TOO_MANY_CONNECTIONS/ }
  t.match(await app.inject({ url: `/jobs/events/${jobId}`, headers: as('alice') }), refused)
  for (const path of ['status', 'result']) t.match(await app.inject({ url: `/jobs/${path}/${jobId}?wait=30`, headers: as('alice') }), refused)
  t.match(await app.inject({ method: 'POST', url: '/jobs', headers: { ...as('alice'), prefer: 'wait=30' }, payload: { text: '' } }), refused)
  t.equal(await app.jobs(job).queue.getWaitingCount(), 1, 'which submits nothing')
  t.strictSame(await (await openSocket(t, `${url}/jobs/socket`, as('alice'))).closed, [1013, 'You have too many connections: close some'])
  t.match(await app.inject({ url: `/jobs/status/${jobId}`, headers: as('alice') }), { statusCode: 200 }, 'what takes no time is no connection')
  t.equal((await openStream(t, `${url}/jobs/events/${UNKNOWN}`, as('bob'))).response.status, 404, 'others have their own')

  const closed = latch()
  socket.once('close', () => { closed.open() })
  socket.close()
  await closed.promise
  for (;;) {
    const { statusCode } = await app.inject({ url: `/jobs/status/${jobId}?wait=0`, headers: as('alice') })
    if (statusCode === 200) break
  }
  t.pass('what is closed makes room')
})

t.test('a client that may have no more connections asks instead', async t => {
  const job = define()
  const [end, asked] = [latch(), latch()]
  const app = await start(t, job, {
    connection: redisUrl(), maxConnections: 1, worker: { concurrency: 2 }, processor: async ({ text }) => { await (text === 'long' ? end : asked).promise; return { text } }
  })
  t.teardown(() => { end.open(); asked.open() })
  const url = await listen(app)
  const { jobId } = await submit(app, 'alice', 'long')
  await (await openStream(t, `${url}/jobs/events/${jobId}`, as('alice'))).events.next()
  const transports: string[] = []
  const jobs = createJobsClient<Definition>(`${url}/jobs`, { headers: as('alice') })
  t.strictSame(await jobs.run({ text: 'short' }, { onTransport: transport => { transports.push(transport); if (transport === 'poll') asked.open() } }), { text: 'short' })
  t.strictSame(transports, ['sse', 'long-poll', 'poll'])
})

t.test('a stranger needs as long for somebody\'s job as for none', async t => {
  const job = define()
  const app = await start(t, job, { connection: redisUrl(), processor: () => ({ text: 'x'.repeat(1_000_000) }) })
  const { jobId } = await submit(app, 'alice')
  t.match(await app.inject({ url: `/jobs/result/${jobId}?wait=20`, headers: as('alice') }), { statusCode: 200 })
  for (const [index, foreign] of requests(jobId).entries()) {
    const unknown = requests(UNKNOWN)[index] as typeof foreign
    await takeAsLong(t, `${foreign.method} ${foreign.url.replace(jobId, '…')}`, [foreign, unknown].map(request => () => app.inject({ ...request, headers: as('bob') })))
  }
  const { send, next } = await openSocket(t, `${await listen(app)}/jobs/socket`, as('bob'))
  await takeAsLong(t, 'a subscription', [jobId, UNKNOWN].map(id => async () => {
    send({ type: 'subscribe', jobId: id })
    await next()
  }))
})

/** Asked in turns, so that what else the machine does falls on both. */
async function takeAsLong (t: Test, what: string, questions: Array<() => Promise<unknown>>): Promise<void> {
  const times = questions.map((): number[] => [])
  for (let round = 0; round < 300; round++) {
    for (const [index, ask] of questions.entries()) {
      const start = performance.now()
      await ask()
      times[index]?.push(performance.now() - start)
    }
  }
  const [foreign = 0, unknown = 0] = times.map(median)
  const ratio = foreign / unknown
  t.ok(ratio > 0.75 && ratio < 1.33, `${what}: ${ratio.toFixed(2)} of the time`)
}

function median (values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)] as number
}
