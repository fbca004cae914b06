import t, { type Test } from 'tap'
import { createJobsClient, isJobFailedError, isJobNotFinishedError, type Job, type JobEvent, type JobsClientError, type JobsClientOptions } from '../../lib/client/index.js'
import { defineJob, JobError, Type, type AsyncJobsOptions, type Processor } from '../../lib/index.js'
import { onEachEngine, redisUrl, uniqueName } from '../helpers/engines.js'
import { latch } from '../helpers/latch.js'
import { startService } from '../helpers/service.js'
import { runningTimers, skipDelays, timeIsOver } from './delays.js'
import { answer, chunk, event, faultyServer, html, job, problem, reset, silence, stream, type Reaction } from './faulty-server.js'
import { provideWebSocket } from './socket-server.js'

const errorOf = (promise: Promise<unknown>): Promise<JobsClientError> =>
  promise.then(() => { throw new Error('It succeeded.') }, (error: JobsClientError) => error)

type Lengths = ReturnType<typeof defineLengths>

function defineLengths () {
  return defineJob({
    name: uniqueName(),
    input: Type.Object({ text: Type.String() }),
    output: Type.Object({ length: Type.Number() }),
    attempts: 1
  })
}

/** The plugin behind a real port, and a client for it. */
async function setup (t: Test, connection: string, processor: Processor<Lengths> | undefined, rest: Partial<AsyncJobsOptions<Lengths>> = {}) {
  const { app } = await startService(t, { job: defineLengths(), connection, processor, pollAfter: { min: 5, max: 20 }, ...rest })
  const origin = await app.listen({ port: 0, host: '127.0.0.1' })
  return { app, origin, jobs: createJobsClient<Lengths>(`${origin}/jobs`) }
}

t.test('against the plugin', t => onEachEngine(t, async (t, { connection }) => {
  await t.test('run: from the input to the output', async t => {
    const { jobs } = await setup(t, connection, ({ text }) => ({ length: text.length }))
    t.same(await jobs.run({ text: 'hello' }), { length: 5 })
  })

  await t.test('run: reports every change, the first and the last included', async t => {
    const seen = latch()
    const { jobs } = await setup(t, connection, async ({ text }, { progress }) => {
      await progress(40, 'tokenising')
      await seen.promise
      return { length: text.length }
    })
    const reports: Job[] = []
    await jobs.run({ text: 'hello' }, {
      onProgress (job) {
        reports.push(job)
        if (job.progress === 40) seen.open()
      }
    })
    t.match(reports[0], { status: 'pending', progress: 0 })
    t.match(reports.at(-2), { status: 'in_progress', progress: 40, message: 'tokenising' })
    t.match(reports.at(-1), { status: 'completed', progress: 100 })
    const views = reports.map(job => JSON.stringify({ ...job, pollAfterMs: 0 }))
    t.equal(new Set(views).size, views.length, 'no report twice')
  })

  await t.test('run: a job that fails with its own error', async t => {
    const { jobs } = await setup(t, connection, () => { throw new JobError('TOO_LONG', 'The text is too long.', { data: { limit: 3 }, status: 503 }) })
    const error = await errorOf(jobs.run({ text: 'hello' }))
    const failure = { code: 'TOO_LONG', message: 'The text is too long.', data: { limit: 3 } }
    t.ok(isJobFailedError(error))
    t.match(error, { name: 'JobFailedError', message: failure.message, failure, jobId: String, job: { status: 'failed', error: failure } })

    t.match(await errorOf(jobs.job(error.jobId as string).result()), { name: 'JobFailedError', failure, problem: { status: 503 } })
  })

  await t.test('run: a job that fails for an internal reason', async t => {
    const { jobs } = await setup(t, connection, () => { throw new Error('secret') })
    const error = await errorOf(jobs.run({ text: 'hello' }))
    t.match(error, { name: 'JobFailedError', failure: { code: 'PROCESSOR_ERROR' } })
    t.notMatch(JSON.stringify(error) + error.message, 'secret')
  })

  await t.test('run: an input that is not valid', async t => {
    const { jobs } = await setup(t, connection, undefined)
    t.match(await errorOf(jobs.run({} as { text: string })), {
      name: 'InputInvalidError',
      issues: [{ pointer: String, detail: String }],
      problem: { code: 'INPUT_INVALID', status: 400 },
      jobId: undefined
    })
  })

  await t.test('submit, and pick the job up elsewhere', async t => {
    const taken = latch()
    const end = latch()
    const { jobs, origin } = await setup(t, connection, async ({ text }) => {
      taken.open()
      await end.promise
      return { length: text.length }
    })
    const submitted = await jobs.submit({ text: 'hello' })
    await taken.promise
    const { id } = submitted
    const elsewhere = createJobsClient<Lengths>(`${origin}/jobs/`).job(id)
    t.equal(elsewhere.id, id)
    t.match(await elsewhere.status(), { jobId: id, status: 'in_progress' })

    const early = await errorOf(elsewhere.result())
    t.ok(isJobNotFinishedError(early))
    t.match(early, { message: /wait\(\)/, status: 409, problem: { code: 'JOB_NOT_FINISHED' }, jobId: id, job: { status: 'in_progress' } })

    const waiting = [submitted.wait(), elsewhere.wait()]
    end.open()
    t.same(await Promise.all(waiting), [{ length: 5 }, { length: 5 }])
    t.same(await submitted.result(), { length: 5 })
    t.match(await submitted.status(), { status: 'completed' })
    t.same(await submitted.wait(), { length: 5 }, 'again')
  })

  await t.test('a job that does not exist', async t => {
    const { jobs } = await setup(t, connection, undefined)
    for (const id of ['00000000-0000-4000-8000-000000000000', 'a/b?c#d', '...', '%2e%2e', ' ', 'x'.repeat(500)]) {
      const nothing = jobs.job(id)
      t.match(await errorOf(nothing.status()), { name: 'JobNotFoundError', jobId: id }, id)
      t.match(await errorOf(nothing.result()), { name: 'JobNotFoundError' })
      t.match(await errorOf(nothing.wait()), { name: 'JobNotFoundError' })
    }
  })

  await t.test('outputs that are no objects', async t => {
    for (const [schema, output] of [[Type.Null(), null], [Type.String(), 'text'], [Type.String(), ''], [Type.Number(), 0], [Type.Boolean(), false]] as const) {
      const definition = defineJob({ name: uniqueName(), input: Type.Null(), output: schema })
      const { app } = await startService(t, { job: definition, connection, processor: () => output, pollAfter: { min: 5, max: 20 } })
      const origin = await app.listen({ port: 0, host: '127.0.0.1' })
      t.same(await createJobsClient<typeof definition>(`${origin}/jobs`).run(null), output)
    }
  })
}))

t.test('a service that is replaced by another one meanwhile', async t => {
  const definition = defineLengths()
  const options = { job: definition, connection: redisUrl(), pollAfter: { min: 5, max: 20 } }
  const { app: first } = await startService(t, options)
  const origin = await first.listen({ port: 0, host: '127.0.0.1' })

  const jobs = createJobsClient<Lengths>(`${origin}/jobs`, { retry: { minDelay: 5, maxDelay: 50, attempts: 10_000 } })
  const submitted = await jobs.submit({ text: 'hello' })
  const waiting = submitted.wait()
  await first.close()
  const { app: second } = await startService(t, { ...options, processor: ({ text }) => ({ length: text.length }) })
  await second.listen({ port: Number(new URL(origin).port), host: '127.0.0.1' })
  t.same(await waiting, { length: 5 })
})

t.test('errors that are left to the host', async t => {
  const { jobs } = await setup(t, redisUrl(), () => { throw new JobError('TOO_LONG', 'The text is too long.') }, { errors: 'host' })
  t.match(await errorOf(jobs.run({ text: 'hello' })), { name: 'JobFailedError', failure: { code: 'TOO_LONG' } })
  t.match(await errorOf(jobs.run({} as { text: string })), { name: 'InputInvalidError', issues: [] })
  t.match(await errorOf(jobs.job('x').wait()), { name: 'JobNotFoundError' })
})

t.test('the address', async t => {
  const { origin } = await setup(t, redisUrl(), ({ text }) => ({ length: text.length }))
  const cases: Record<string, [baseUrl: string, options: JobsClientOptions]> = {
    'without a slash at its end': [`${origin}/jobs`, {}],
    'with one': [`${origin}/jobs/`, {}],
    'relative, as in a browser': ['/jobs', { fetch: (url, init) => fetch(new URL(url, origin), init) }],
    'of a proxy that maps the paths': ['https://example.com/public/analysis', {
      fetch: (url, init) => fetch(url.replace('https://example.com/public/analysis', `${origin}/jobs`), init)
    }]
  }
  for (const [name, [baseUrl, options]] of Object.entries(cases)) {
    t.same(await createJobsClient<Lengths>(baseUrl, options).run({ text: 'hello' }), { length: 5 }, name)
  }
})

/* Below, servers that do what the plugin does rarely or never. */

async function setupFaulty (t: Test, reactions: Reaction[], options?: JobsClientOptions) {
  const { url, seen } = await faultyServer(t, ...reactions)
  return { seen, jobs: createJobsClient<Lengths>(url, { transport: 'poll', ...options }) }
}

const input = { text: 'hello' }
const submitted = answer(202, job('pending'))
const output = answer(200, { length: 5 })

t.test('what is asked for, in order', async t => {
  const { jobs, seen } = await setupFaulty(t, [submitted, answer(200, job('in_progress')), answer(200, job('completed')), output])
  await jobs.run(input)
  t.match(seen[0]?.headers['idempotency-key'], /^[\d-]+$/)
  t.same(seen.map(({ method, url, body }) => [method, url, body]), [
    ['POST', '/jobs', '{"text":"hello"}'],
    ['GET', '/jobs/status/the-job', ''],
    ['GET', '/jobs/status/the-job', ''],
    ['GET', '/jobs/result/the-job', '']
  ])
})

t.test('it goes through whatever passes', async t => {
  skipDelays(t)
  const { jobs } = await setupFaulty(t, [
    answer(503, problem(503, 'QUEUE_FULL'), { 'retry-after': '1' }), submitted,
    reset, html(502), answer(200, job('completed')),
    answer(503, problem(503, 'STORE_UNAVAILABLE'), { 'retry-after': '1' }), reset, output
  ])
  t.same(await jobs.run(input), { length: 5 })
})

t.test('a submission has one key, however often it is sent, and the next one another', async t => {
  skipDelays(t)
  const { jobs, seen } = await setupFaulty(t, [reset, html(502), submitted, submitted])
  await jobs.submit(input)
  await jobs.submit(input)
  const [first, ...others] = seen.map(({ headers }) => headers['idempotency-key'])
  t.same(others.slice(0, 2), [first, first])
  t.not(others[2], first)
})

t.test('between two looks passes the time that the server tells', async t => {
  const delays = skipDelays(t)
  const now = Date.now()
  t.intercept(Date, 'now', { value: () => now })
  const { jobs } = await setupFaulty(t, [
    answer(202, job('pending', { pollAfterMs: 250 }), { 'retry-after': '1' }),
    answer(200, job('in_progress', { pollAfterMs: 1_500 }), { 'retry-after': '2' }),
    answer(200, job('in_progress', { pollAfterMs: 1_500 }), { 'retry-after': '15' }),
    answer(200, job('completed', { pollAfterMs: undefined })),
    output
  ])
  await jobs.run(input)
  t.same(delays, [250, 1_500, 15_000])
})

t.test('that only the time of the next look changed is not reported', async t => {
  const { jobs } = await setupFaulty(t, [
    submitted,
    answer(200, job('pending', { pollAfterMs: 2 })),
    answer(200, job('in_progress', { pollAfterMs: 3 })),
    answer(200, job('in_progress', { pollAfterMs: 4 })),
    answer(200, job('completed')),
    output
  ])
  const reports: Job[] = []
  await jobs.run(input, { onProgress: job => { reports.push(job) } })
  t.same(reports.map(({ status }) => status), ['pending', 'in_progress', 'completed'])
})

t.test('how a job may end', async t => {
  t.test('canceled', async t => {
    const { jobs } = await setupFaulty(t, [submitted, answer(200, job('canceled'))])
    t.match(await errorOf(jobs.run(input)), { name: 'JobCanceledError', jobId: 'the-job', job: { status: 'canceled' } })
  })

  t.test('failed, by a server that does not say why', async t => {
    const { jobs } = await setupFaulty(t, [submitted, answer(200, job('failed'))])
    t.match(await errorOf(jobs.run(input)), { name: 'JobFailedError', failure: { code: 'JOB_FAILED', message: String }, job: { status: 'failed' } })
  })

  t.test('expired before its result was fetched', async t => {
    const { jobs } = await setupFaulty(t, [submitted, answer(200, job('completed')), answer(410, problem(410, 'JOB_EXPIRED'))])
    t.match(await errorOf(jobs.run(input)), { name: 'JobNotFoundError', problem: { code: 'JOB_EXPIRED' }, job: { status: 'completed' } })
  })

  t.test('out of sight', async t => {
    skipDelays(t)
    const { jobs } = await setupFaulty(t, [submitted])
    t.match(await errorOf(jobs.run(input)), { name: 'NetworkError', jobId: 'the-job', job: { status: 'pending' } })
  })
})

t.test('an id that no job can have is refused before a request', async t => {
  const { jobs, seen } = await setupFaulty(t, [], { transport: 'auto' })
  for (const id of ['', '.', '..', '\ud83d', 'a\udc00b', '\udc00\ud83d']) {
    const nothing = jobs.job(id)
    t.equal(nothing.id, id)
    const calls: Array<Promise<unknown>> = [nothing.status(), nothing.result(), nothing.wait(), nothing.wait({ onOutput () {} }), nothing.cancel(), nothing.events().next(), nothing[Symbol.asyncIterator]().next()]
    for (const call of calls) t.match(await errorOf(call), { name: 'JobNotFoundError', jobId: id, message: /is no id/ }, JSON.stringify(id))
  }
  t.same(seen, [])
  const pair = createJobsClient<Lengths>('http://localhost', { fetch: async url => Response.json({ ...job('pending'), jobId: url }) })
  t.equal((await pair.job('\ud83d\ude00').status()).jobId, 'http://localhost/status/%F0%9F%98%80', 'both halves are a character')
})

t.test('options that are none are listed with those that are, at once', async t => {
  const wrong: Array<[options: object, message: RegExp]> = [
    [{ transport: 'wait' }, /^options\.transport is wait; .*auto\|sse\|long-poll\|poll/],
    [{ transport: 'websocket' }, /^options\.transport is websocket/],
    [{ transport: null }, /^options\.transport is null/],
    [{ transport: 'function' }, /^options\.transport is function/],
    [{ fetch: 'node-fetch' }, /^options\.fetch is node-fetch; .*"fetch":"function"/],
    [{ headers: 'x-api-key: 1' }, /^options\.headers is x-api-key: 1; .*"headers":"object\|function"/],
    [{ headers: null }, /^options\.headers is null/],
    [{ header: {} }, /^options\.header is .*; .*"headers"/],
    [{ attempts: 3 }, /^options\.attempts is 3; .*"retry":"object"/],
    [{ retry: 3 }, /^options\.retry is 3/],
    [{ retry: { attempt: 3 } }, /^options\.attempt is 3; .*"attempts":"number"/],
    [{ retry: { attempts: NaN } }, /^options\.attempts is NaN/],
    [{ retry: { minDelay: '500' } }, /^options\.minDelay is 500/],
    [{ retry: { maxDelay: null } }, /^options\.maxDelay is null/],
    [{ retry: { statusTimeout: 1n } }, /^options\.statusTimeout is 1/],
    [{ followRedirects: 1 }, /^options\.followRedirects is 1/],
    [{ fetch: Symbol('x') }, /^options\.fetch is Symbol\(x\)/]
  ]
  for (const [options, message] of wrong) {
    t.throws(() => createJobsClient('http://localhost', options), { name: 'OptionInvalidError', code: 'OPTION_INVALID', message })
  }
  for (const options of [undefined, {}, { transport: undefined, headers: undefined, retry: undefined }, { retry: { attempts: undefined } }, { headers: new Headers() as unknown as Record<string, string> }, { retry: { maxDelay: Infinity } }]) {
    t.doesNotThrow(() => createJobsClient('http://localhost', options as JobsClientOptions))
  }

  const { jobs, seen } = await setupFaulty(t, [])
  const wrongOfCalls: Array<[option: object, message: RegExp]> = [
    [{ signal: new AbortController() }, /^options\.signal is .*AbortSignal/],
    [{ signal: 5 }, /^options\.signal is 5/],
    [{ timeout: '5s' }, /^options\.timeout is 5s/],
    [{ timeout: NaN }, /^options\.timeout is NaN/],
    [{ onProgress: {} }, /^options\.onProgress is /],
    [{ onOutput: 'x' }, /^options\.onOutput is x/],
    [{ onTransport: 1 }, /^options\.onTransport is 1/],
    [{ cancelOnAbort: 'no' }, /^options\.cancelOnAbort is no/],
    [{ after: 5 }, /^options\.after is 5/]
  ]
  const calls: Record<string, (options: object) => Promise<unknown>> = {
    run: options => jobs.run(input, options),
    submit: options => jobs.submit(input, options),
    status: options => jobs.job('x').status(options),
    result: options => jobs.job('x').result(options),
    wait: options => jobs.job('x').wait(options),
    cancel: options => jobs.job('x').cancel(options),
    events: async options => jobs.job('x').events(options).next(),
    watch: async options => jobs.watch(['x'], options).next()
  }
  for (const [option, message] of wrongOfCalls) {
    for (const [name, call] of Object.entries(calls)) t.match(await errorOf(call(option)), { name: 'OptionInvalidError', message }, name)
  }
  t.same(seen, [])
})

t.test('calls take options that others need, and none', async t => {
  const { jobs } = await setupFaulty(t, Array.from({ length: 2 }, () => answer(200, job('pending'))))
  const context = { queryKey: ['job'], meta: undefined, signal: undefined }
  t.match(await jobs.job('x').status(context), { status: 'pending' })
  t.match(await jobs.job('x').status(null as unknown as undefined), { status: 'pending' })
})

t.test('what the host says to a call reaches its caller', async t => {
  for (const status of [400, 401, 402, 403]) {
    const body = { statusCode: status, message: 'Your trial is over.' }
    const { jobs, seen } = await setupFaulty(t, [answer(status, body), submitted, answer(status, body)], { transport: 'auto' })
    for (const call of [jobs.submit(input), jobs.run(input)]) {
      t.match(await errorOf(call), { message: /: Your trial is over\.$/, status, body })
    }
    t.equal(seen.length, 3)
  }
})

t.test('a status of a newer server is none of the end', async t => {
  skipDelays(t)
  const { jobs } = await setupFaulty(t, [submitted, answer(200, job('input_required' as 'pending')), answer(200, job('completed')), output])
  const reports: string[] = []
  t.same(await jobs.run(input, { onProgress: ({ status }) => { reports.push(status) } }), { length: 5 })
  t.same(reports, ['pending', 'input_required', 'completed'])
})

t.test('a submission that gets no job', async t => {
  const cases: Array<[Reaction, object]> = [
    [reset, { name: 'NetworkError', jobId: undefined, message: /got no whole answer/ }],
    [html(200), { name: 'RequestFailedError', status: 200 }],
    [answer(200, { hello: 'world' }), { name: 'RequestFailedError', status: 200, message: /base URL/ }],
    [answer(401, {}), { name: 'RequestFailedError', status: 401 }],
    [html(404), { name: 'RequestFailedError', status: 404 }],
    [answer(413, problem(413, 'INPUT_TOO_LARGE')), { name: 'InputInvalidError', problem: { code: 'INPUT_TOO_LARGE' } }]
  ]
  for (const [reaction, error] of cases) {
    const { jobs } = await setupFaulty(t, [reaction], { retry: { attempts: 1 } })
    t.match(await errorOf(jobs.submit(input)), error)
  }
})

t.test('an input that is no JSON', async t => {
  const { jobs, seen } = await setupFaulty(t, [])
  t.match(await errorOf(jobs.submit({ text: 1n } as unknown as typeof input)), { name: 'TypeError' })
  t.same(seen, [])
})

t.test('what onProgress throws ends the call', async t => {
  const { jobs, seen } = await setupFaulty(t, [submitted])
  const own = new Error('my own')
  t.equal(await errorOf(jobs.run(input, { onProgress () { throw own } })), own)
  t.equal(seen.length, 1)
})

t.test('timeout', async t => {
  t.test('while the job goes on: the error has its id, and it can be picked up', async t => {
    const { reaction, gone } = silence()
    const { jobs } = await setupFaulty(t, [submitted, reaction, answer(200, job('completed')), output])
    const error = await errorOf(jobs.run(input, { timeout: 600 }))
    t.match(error, { name: 'WaitTimeoutError', jobId: 'the-job', job: { status: 'pending' }, message: /600 ms.*job\('the-job'\)/ })
    await gone
    t.same(await jobs.job(error.jobId as string).wait({ timeout: 600_000 }), { length: 5 })
    t.equal(runningTimers(), 0)
  })

  t.test('between two looks', async t => {
    const { jobs, seen } = await setupFaulty(t, [answer(202, job('pending', { pollAfterMs: 600_000 }))])
    const submitted = await jobs.submit(input)
    t.match(await errorOf(submitted.wait({ timeout: 1 })), { name: 'WaitTimeoutError', jobId: 'the-job' })
    t.equal(runningTimers(), 0)
    t.equal(seen.length, 1)
  })

  t.test('before the submission is answered', async t => {
    const { reaction } = silence()
    const { jobs } = await setupFaulty(t, [reaction])
    t.match(await errorOf(jobs.run(input, { timeout: 1 })), { name: 'WaitTimeoutError', jobId: undefined, job: undefined, message: /may be stored or not/ })
  })
})

t.test('an abort rejects with the reason, and nothing more is sent', async t => {
  const calls = {
    run: (jobs: Jobs, options: object) => jobs.run(input, { ...options, cancelOnAbort: false }),
    submit: (jobs: Jobs, options: object) => jobs.submit(input, options),
    status: (jobs: Jobs, options: object) => jobs.job('the-job').status(options),
    result: (jobs: Jobs, options: object) => jobs.job('the-job').result(options),
    wait: (jobs: Jobs, options: object) => jobs.job('the-job').wait(options),
    cancel: (jobs: Jobs, options: object) => jobs.job('the-job').cancel(options)
  }
  type Jobs = ReturnType<typeof createJobsClient<Lengths>>

  for (const [name, call] of Object.entries(calls)) {
    t.test(`${name}, while it waits for an answer`, async t => {
      const controller = new AbortController()
      const { reaction, arrived, gone } = silence()
      const { jobs, seen } = await setupFaulty(t, [reaction])
      const error = errorOf(call(jobs, { signal: controller.signal, timeout: 600_000 }))
      await arrived
      controller.abort()
      t.equal(await error, controller.signal.reason)
      t.match(controller.signal.reason, { name: 'AbortError' })
      await gone
      t.equal(seen.length, 1)
      t.equal(runningTimers(), 0)
    })

    t.test(`${name}, before it began`, async t => {
      const { jobs, seen } = await setupFaulty(t, [])
      t.equal(await errorOf(call(jobs, { signal: AbortSignal.abort('enough') })), 'enough')
      t.same(seen, [])
    })
  }

  t.test('between two looks', async t => {
    const controller = new AbortController()
    const { jobs, seen } = await setupFaulty(t, [submitted, answer(200, job('in_progress', { pollAfterMs: 600_000 }))])
    const error = await errorOf(jobs.run(input, {
      signal: controller.signal,
      cancelOnAbort: false,
      // Once the wait has begun.
      onProgress: ({ status }) => { if (status === 'in_progress') setImmediate(() => { controller.abort('enough') }) }
    }))
    t.equal(error, 'enough')
    t.equal(seen.length, 2)
    t.equal(runningTimers(), 0)
  })

  t.test('in onProgress itself', async t => {
    for (const last of ['pending', 'completed'] as const) {
      const controller = new AbortController()
      const { jobs, seen } = await setupFaulty(t, [submitted, answer(200, job('completed'))])
      const reports: string[] = []
      const error = await errorOf(jobs.run(input, {
        signal: controller.signal,
        cancelOnAbort: false,
        onProgress ({ status }) {
          reports.push(status)
          if (status === last) controller.abort('enough')
        }
      }))
      t.equal(error, 'enough')
      t.equal(seen.length, reports.length)
      t.equal(reports.at(-1), last)
    }
  })

  t.test('where fetch and headers do not know signals', async t => {
    const controller = new AbortController()
    const asked = latch()
    const answered = latch<Response>()
    const reports: Job[] = []
    const jobs = createJobsClient<Lengths>('http://localhost', { fetch: async () => { asked.open(); return answered.promise } })
    const error = errorOf(jobs.job('the-job').wait({ signal: controller.signal, onProgress: job => { reports.push(job) } }))
    await asked.promise
    controller.abort('enough')
    t.equal(await error, 'enough')
    answered.open(Response.json(job('completed')))
    await new Promise(resolve => { setImmediate(resolve) })
    t.same(reports, [], 'no report after the end')
  })
})

t.test('an abort of run cancels the job', async t => {
  const canceled = (t: Test) => {
    const asked = latch<string | undefined>()
    const reaction: Reaction = (response, request) => {
      asked.open(`${request.method} ${request.url}`)
      answer(202, job('canceled'))(response, request)
    }
    return { reaction, asked: asked.promise, is: async () => { t.equal(await asked.promise, 'POST /jobs/cancel/the-job') } }
  }

  t.test('while it runs', async t => {
    const controller = new AbortController()
    const { reaction, arrived } = silence()
    const cancel = canceled(t)
    const { jobs, seen } = await setupFaulty(t, [submitted, reaction, cancel.reaction])
    const error = errorOf(jobs.run(input, { signal: controller.signal }))
    await arrived
    controller.abort('enough')
    t.equal(await error, 'enough')
    await cancel.is()
    t.equal(seen.length, 3)
  })

  t.test('also where the submission is answered only then', async t => {
    skipDelays(t)
    const controller = new AbortController()
    const arrived = latch<() => void>()
    const cancel = canceled(t)
    const { jobs } = await setupFaulty(t, [response => { arrived.open(() => { reset(response) }) }, submitted, reset, cancel.reaction])
    const error = errorOf(jobs.run(input, { signal: controller.signal }))
    const lose = await arrived.promise
    controller.abort('enough')
    t.equal(await error, 'enough', 'nobody waits for that')
    lose()
    await cancel.is()
  })

  t.test('not where that takes too long', async t => {
    const controller = new AbortController()
    const { reaction, arrived, gone } = silence()
    const { jobs, seen } = await setupFaulty(t, [reaction], { retry: { statusTimeout: 12_345 } })
    const error = errorOf(jobs.run(input, { signal: controller.signal }))
    await arrived
    controller.abort('enough')
    t.equal(await error, 'enough')
    timeIsOver(12_345)
    await gone
    t.equal(seen.length, 1)
    t.equal(runningTimers(), 0)
  })

  t.test('not where it is over', async t => {
    const controller = new AbortController()
    const { jobs, seen } = await setupFaulty(t, [submitted, answer(200, job('completed')), output])
    await jobs.run(input, { signal: controller.signal })
    controller.abort('enough')
    t.equal(seen.length, 3)
  })

  t.test('a timeout does not', async t => {
    const { reaction, gone } = silence()
    const { jobs, seen } = await setupFaulty(t, [submitted, reaction])
    t.match(await errorOf(jobs.run(input, { timeout: 600 })), { name: 'WaitTimeoutError', jobId: 'the-job' })
    await gone
    t.equal(seen.length, 2)
  })
})

t.test('events of many jobs at the same time', async t => {
  const warnings: Error[] = []
  const onWarning = (warning: Error): void => { warnings.push(warning) }
  process.on('warning', onWarning)
  t.teardown(() => process.off('warning', onWarning))
  const reaction = stream(event('0.c', 'job', job('completed')))
  const { jobs } = await setupFaulty(t, Array.from({ length: 20 }, () => reaction), { transport: 'auto' })
  await Promise.all(Array.from({ length: 20 }, async () => {
    for await (const { type } of jobs.job('the-job')) t.equal(type, 'job')
  }))
  t.strictSame(warnings, [], 'is no leak of listeners')
})

t.test('events of a job, and partial output', async t => {
  const reaction = stream(event('0.r', 'job', job('in_progress')), chunk(0), chunk(1), event('2.c', 'job', job('completed')))
  const ids = async (events: AsyncIterable<JobEvent>): Promise<string[]> => {
    const all: string[] = []
    for await (const { id } of events) all.push(id)
    return all
  }
  const { jobs, seen } = await setupFaulty(t, [reaction, reaction, response => { response.writeHead(204).end() }, reaction, output], { transport: 'auto' })
  const one = jobs.job('the-job')
  t.same(await ids(one), ['0.r', '1.', '2.', '2.c'])
  t.same(await ids(one.events({ after: '1.' })), ['0.r', '1.', '2.', '2.c'], 'whatever the server tells')
  t.same(await ids(one.events({ after: '2.c' })), [])
  t.same(seen.map(({ headers }) => headers['last-event-id']), [undefined, '1.', '2.c'])

  const outputs: unknown[] = []
  t.same(await jobs.job('the-job').wait({ onOutput: ({ data }) => { outputs.push(data) } }), { length: 5 })
  t.same(outputs, ['chunk 0', 'chunk 1'])

  const own = new Error('my own')
  const { jobs: others } = await setupFaulty(t, [reaction], { transport: 'auto' })
  t.equal(await errorOf(others.job('the-job').wait({ onOutput () { throw own } })), own)
})

t.test('watch uses requests where a WebSocket is not there, or could not carry what they do', async t => {
  const final = stream(event('0.c', 'job', job('completed')))
  const cases: Array<[webSocket: unknown, options: JobsClientOptions]> = [
    [null, {}],
    [class { constructor () { t.fail('opened') } }, { headers: { authorization: 'Bearer 1' } }],
    [class { constructor () { t.fail('opened') } }, { fetch: (url, init) => fetch(url, init) }]
  ]
  for (const [webSocket, options] of cases) {
    provideWebSocket(t, webSocket)
    const { jobs, seen } = await setupFaulty(t, [final], { transport: 'auto', ...options })
    const { signal } = new AbortController()
    for await (const { type } of jobs.watch(['the-job'], { signal })) t.equal(type, 'job')
    t.match(seen, [{ url: '/jobs/events/the-job' }])
  }
})

t.test('a relative address is that of the page, also for a WebSocket', async t => {
  const urls: string[] = []
  provideWebSocket(t, class { constructor (url: string) { urls.push(url); throw new Error('enough') } })
  Object.defineProperty(globalThis, 'location', { value: { href: 'https://example.com/page' }, configurable: true })
  t.teardown(() => { delete (globalThis as { location?: unknown }).location })
  const controller = new AbortController()
  const watching = createJobsClient<Lengths>('/api/jobs/').watch(['the-job'], { signal: controller.signal }).next()
  controller.abort('enough')
  t.equal(await watching.catch((error: unknown) => error), 'enough')
  t.same(urls, ['wss://example.com/api/jobs/socket'])
})

t.test('many calls at a time leave nothing behind on the signal that they share', async t => {
  const { signal } = new AbortController()
  let listeners = 0
  t.intercept(signal, 'addEventListener', { value: () => { listeners++ } })
  t.intercept(signal, 'removeEventListener', { value: () => { listeners-- } })
  const jobs = createJobsClient<Lengths>('http://localhost', {
    fetch: async (_url, { method }) => Response.json(method === 'POST' ? job('completed') : { length: 5 })
  })
  await Promise.all(Array.from({ length: 50 }, () => jobs.run(input, { signal })))
  t.equal(listeners, 0)
})

t.test('what takes its time with a report is waited for, and what it rejects with ends the call', async t => {
  const told: Reaction = response => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).end(`id: 1.a\nevent: output\ndata: {"jobId":"the-job","index":0,"run":1,"data":"a"}\n\nid: 1.b\nevent: job\ndata: ${JSON.stringify(job('completed'))}\n\n`)
  }
  const { url } = await faultyServer(t, answer(202, job('pending')), told, answer(202, job('pending')), told)
  const jobs = createJobsClient<Lengths>(url)
  await t.rejects(jobs.run({ text: '' }, { onOutput: async () => { throw new Error('disk full') } }), { message: 'disk full' })
  await t.rejects(jobs.run({ text: '' }, { onProgress: async () => { throw new Error('disk full') } }), { message: 'disk full' })
})
