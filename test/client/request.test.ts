import t, { type Test } from 'tap'
import { isRepeatable, type Exchange } from '../../lib/client/request.js'
import { NetworkError, RequestFailedError, WaitTimeoutError, type JobsClientError, type JobsClientOptions } from '../../lib/client/index.js'
import { noLuck, runningTimers, skipDelays } from './delays.js'
import { setUpClient } from './settings.js'
import { answer, cutOff, faultyServer, html, problem, reset, silence, type Reaction } from './faulty-server.js'

const fine = answer(200, { fine: true })
const { signal } = new AbortController()

/** Asks a server with these reactions about a job, or submits one. */
async function setup (t: Test, reactions: Reaction[], options: JobsClientOptions = {}) {
  const { url, seen } = await faultyServer(t, ...reactions)
  const { request } = setUpClient(url, options).http
  const ask = (more: Partial<Exchange> = {}) => request({ method: 'GET', url, known: { jobId: 'the-job', askAt: 0 }, signal, ...more })
  return {
    seen,
    ask,
    submit: (more: Partial<Exchange> = {}) => ask({ method: 'POST', body: '{}', known: { askAt: 0 }, ...more })
  }
}

const errorOf = (promise: Promise<unknown>): Promise<JobsClientError> =>
  promise.then(() => { throw new Error('It succeeded.') }, (error: JobsClientError) => error)

t.test('what is sent', async t => {
  const { seen, ask, submit } = await setup(t, [fine, fine])
  t.same(await ask(), { status: 200, body: { fine: true }, retryAfter: 0, etag: null })
  await submit({ body: '{"text":"hello"}', headers: { 'content-type': 'application/json' } })
  t.match(seen, [
    { method: 'GET', url: '/jobs', headers: { accept: 'application/json', 'content-type': undefined }, body: '' },
    { method: 'POST', url: '/jobs', headers: { accept: 'application/json', 'content-type': 'application/json' }, body: '{"text":"hello"}' }
  ])
})

t.test('headers', async t => {
  t.test('an object, however its names are written', async t => {
    const { seen, submit } = await setup(t, [fine], { headers: { Authorization: 'Bearer 1', 'Content-Type': 'text/plain' } })
    await submit({ headers: { 'content-type': 'application/json' } })
    t.match(seen, [{ headers: { authorization: 'Bearer 1', 'content-type': 'application/json' } }])
  })

  t.test('a function is asked before each request, repeated ones included', async t => {
    skipDelays(t)
    let token = 0
    const { seen, ask } = await setup(t, [answer(503, {}), fine, fine], { headers: () => ({ authorization: `Bearer ${++token}` }) })
    await ask()
    await ask()
    t.same(seen.map(({ headers }) => headers.authorization), ['Bearer 1', 'Bearer 2', 'Bearer 3'])
  })

  t.test('a function may take its time; what it throws is the caller\'s own, and not repeated', async t => {
    const own = new Error('The token cannot be renewed.')
    let asked = 0
    const { seen, ask } = await setup(t, [], { headers: async () => { asked++; throw own } })
    t.equal(await errorOf(ask()), own)
    t.equal(asked, 1)
    t.same(seen, [])
  })
})

t.test('fetch', async t => {
  t.test('another one, called without an object', async t => {
    const urls: string[] = []
    const { ask } = await setup(t, [fine], {
      fetch (this: unknown, url, init) {
        t.equal(this, undefined)
        urls.push(url)
        return fetch(url, init)
      }
    })
    await ask()
    t.match(urls, [/\/jobs$/])
  })

  t.test('the platform\'s, as it is at that time', async t => {
    const { ask, seen } = await setup(t, [])
    t.intercept(globalThis, 'fetch', { value: async () => Response.json('replaced') })
    t.match(await ask(), { body: 'replaced' })
    t.same(seen, [])
  })
})

t.test('asking about a job is repeated', async t => {
  t.test('after network errors and answers that pass', async t => {
    const delays = skipDelays(t)
    noLuck(t)
    const passing = [reset, cutOff, answer(429, {}), html(502), answer(503, problem(503, 'STORE_UNAVAILABLE')), html(520)]
    const { ask, seen } = await setup(t, [...passing, fine])
    t.match(await ask(), { body: { fine: true } })
    t.equal(seen.length, passing.length + 1)
    t.same(delays, [500, 1_000, 2_000, 4_000, 8_000, 10_000], 'doubled each time, and bounded')
  })

  t.test('after random waits between nothing and that', async t => {
    const delays = skipDelays(t)
    const lots = [0.5, 0.01, 0.25]
    t.intercept(Math, 'random', { value: () => lots.shift() })
    const { ask } = await setup(t, [html(502), html(502), html(502), fine], { retry: { minDelay: 100, maxDelay: 300 } })
    await ask()
    t.same(delays, [50, 2, 75])
  })

  t.test('never before the time that Retry-After tells', async t => {
    const delays = skipDelays(t)
    noLuck(t)
    const now = Date.parse('2026-01-01T00:00:00Z')
    t.intercept(Date, 'now', { value: () => now })
    const after = ['2', 'Thu, 01 Jan 2026 00:00:07 GMT', 'Thu, 01 Jan 1970 00:00:00 GMT', 'soon', '-5', '']
    const { ask } = await setup(t, [...after.map(value => answer(503, {}, { 'retry-after': value })), fine], { retry: { minDelay: 10, maxDelay: 10 } })
    await ask()
    t.same(delays, [2_010, 7_010, 10, 10, 10, 10])
  })

  t.test('a limited number of times', async t => {
    skipDelays(t)
    const unavailable = answer(503, problem(503, 'STORE_UNAVAILABLE'))
    const { ask, seen } = await setup(t, [unavailable, unavailable, unavailable], { retry: { attempts: 3 } })
    t.match(await errorOf(ask()), { name: 'RequestFailedError', status: 503, problem: { code: 'STORE_UNAVAILABLE' } })
    t.equal(seen.length, 3)
  })

  t.test('eight times unless told otherwise', async t => {
    skipDelays(t)
    const { ask, seen } = await setup(t, [])
    t.match(await errorOf(ask()), {
      name: 'NetworkError', message: /^GET http:\S+\/jobs got no whole answer$/, jobId: 'the-job', cause: { name: 'TypeError' }
    })
    t.equal(seen.length, 8)
  })

  t.test('where no answer comes in time', async t => {
    const { reaction, gone } = silence()
    const { ask } = await setup(t, [reaction, fine, fine, fine], { retry: { minDelay: 1 } })
    t.match(await ask({ timeout: 200 }), { body: { fine: true } })
    await gone
  })

  t.test('where no answer comes in time, a limited number of times', async t => {
    const { reaction } = silence()
    const { ask } = await setup(t, [reaction], { retry: { attempts: 1 } })
    const error = await errorOf(ask({ timeout: 10 }))
    t.match(error, { name: 'NetworkError', message: /got no whole answer within 10 ms$/, jobId: 'the-job' })
    t.equal(error.cause, undefined)
  })

  for (const status of [200, 400, 401, 403, 404, 410, 409, 418, 501, 527]) {
    t.test(`not after ${status}`, async t => {
      const { ask, seen } = await setup(t, [html(status)])
      await errorOf(ask())
      t.equal(seen.length, 1)
    })
  }

  for (const status of [429, 503]) {
    t.test(`not where ${status} is what the job chose for its failure`, async t => {
      const { ask, seen } = await setup(t, [answer(status, problem(status, 'JOB_FAILED', { error: { code: 'BUSY', message: 'Busy.' } }))])
      t.match(await errorOf(ask()), { name: 'JobFailedError', failure: { code: 'BUSY' } })
      t.equal(seen.length, 1)
    })
  }
})

t.test('a submission is repeated like any other request, with the same key', async t => {
  const delays = skipDelays(t)
  noLuck(t)
  const { submit, seen } = await setup(t, [
    answer(503, problem(503, 'QUEUE_FULL'), { 'retry-after': '1' }),
    answer(429, { statusCode: 429, error: 'Too Many Requests' }, { 'retry-after': '3' }),
    reset, cutOff, html(502), fine
  ])
  t.match(await submit({ headers: { 'idempotency-key': 'k' } }), { body: { fine: true } })
  t.same(seen.map(({ method, body, headers }) => [method, body, headers['idempotency-key']]), seen.map(() => ['POST', '{}', 'k']))
  t.equal(seen.length, 6)
  t.same(delays, [1_500, 4_000, 2_000, 4_000, 8_000])
})

t.test('a submission is not repeated', async t => {
  const refusals: Record<string, Reaction> = {
    'after HTML in place of a job': html(200),
    'after a fault of ours': answer(500, problem(500, 'JOB_UNREADABLE')),
    'where the job failed with 429': answer(429, problem(429, 'JOB_FAILED'))
  }
  for (const [name, reaction] of Object.entries(refusals)) {
    t.test(name, async t => {
      const { submit, seen } = await setup(t, [reaction])
      await errorOf(submit())
      t.equal(seen.length, 1)
    })
  }
})

t.test('nobody listens', async t => {
  const { submit } = await setup(t, [], { retry: { attempts: 1 } })
  t.match(await errorOf(submit({ url: 'http://127.0.0.1:1/jobs' })), { name: 'NetworkError', message: /^POST .* got no whole answer$/ })
})

t.test('an abort', async t => {
  t.test('ends a request that is under way', async t => {
    const controller = new AbortController()
    const { reaction, arrived, gone } = silence()
    const { ask, seen } = await setup(t, [reaction])
    const error = errorOf(ask({ signal: controller.signal, timeout: 600_000 }))
    await arrived
    const reason = new Error('enough')
    controller.abort(reason)
    t.equal(await error, reason)
    await gone
    t.equal(seen.length, 1)
    t.equal(runningTimers(), 0)
  })

  t.test('ends the wait before a repetition', async t => {
    const controller = new AbortController()
    const { ask, seen } = await setup(t, [answer(503, {}, { 'retry-after': '3600' })], {
      fetch: async (url, init) => {
        const response = await fetch(url, init)
        // Once the wait has begun.
        setImmediate(() => { controller.abort('enough') })
        return response
      }
    })
    t.equal(await errorOf(ask({ signal: controller.signal })), 'enough')
    t.equal(seen.length, 1)
    t.equal(runningTimers(), 0)
  })

  t.test('while headers are made, nothing is sent', async t => {
    const controller = new AbortController()
    const { ask, seen } = await setup(t, [], { headers: async () => { controller.abort('enough'); return {} } })
    t.equal(await errorOf(ask({ signal: controller.signal })), 'enough')
    t.same(seen, [])
  })
})

t.test('what may pass', async t => {
  const passing = [408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 530]
  const lasting = [0, 200, 301, 400, 401, 403, 404, 409, 413, 418, 426, 501, 505, 511, 527, 529, 531]
  for (const status of [...passing, ...lasting]) {
    t.equal(isRepeatable(new RequestFailedError('', { status })), passing.includes(status), `${status}, of whomever`)
  }
  const ours = [[429, 'TOO_MANY_CONNECTIONS'], [503, 'QUEUE_FULL'], [503, 'STORE_UNAVAILABLE'], [500, 'JOB_UNREADABLE'], [500, 'OUTPUT_INVALID'], [500, 'INTERNAL_ERROR']] as const
  t.same(ours.filter(([status, code]) => isRepeatable(new RequestFailedError('', { status, problem: problem(status, code) }))), ours.slice(0, 3))
  t.same([new NetworkError(''), new WaitTimeoutError(''), new Error('my own'), null].map(isRepeatable), [true, false, false, false])
})

t.test('a request that is sent once', async t => {
  const { url, seen } = await faultyServer(t, html(503))
  const response = await setUpClient(url, { headers: { 'x-own': '1' } }).http.send({ method: 'GET', url, known: { askAt: 0 }, signal, headers: { accept: 'text/event-stream', 'last-event-id': '1.a' } })
  t.equal(response.status, 503)
  t.match(seen, [{ headers: { accept: 'text/event-stream', 'last-event-id': '1.a', 'x-own': '1' } }])
  t.match(await setUpClient(url, {}).http.send({ method: 'GET', url, known: { jobId: 'the-job', askAt: 0 }, signal }).catch((error: unknown) => error), { name: 'NetworkError', jobId: 'the-job' })
})

t.test('a redirect', async t => {
  const to = (location: string, status = 307): Reaction => response => { response.writeHead(status, { location }).end() }
  const other = await faultyServer(t, ...Array.from({ length: 20 }, () => fine))

  t.test('within the origin is followed, with all that was sent', async t => {
    for (const status of [301, 302, 307, 308]) {
      const { submit, seen } = await setup(t, [to('/elsewhere', status), to('there', status), fine], { headers: { 'x-api-key': 'secret' } })
      t.match(await submit({ body: '{"text":"hello"}' }), { body: { fine: true } })
      t.match(seen, ['/jobs', '/elsewhere', '/there'].map(url => ({ method: 'POST', url, body: '{"text":"hello"}', headers: { 'x-api-key': 'secret' } })))
    }
  })

  t.test('to another one is not, and says why', async t => {
    for (const status of [301, 302, 303, 307, 308]) {
      for (const call of ['ask', 'submit'] as const) {
        const { [call]: send, seen } = await setup(t, [to(other.url, status)], { headers: { 'x-api-key': 'secret' } })
        t.match(await errorOf(send()), { name: 'RequestFailedError', status, message: `is redirected to ${other.url}` })
        t.equal(seen.length, 1)
      }
    }
    t.same(other.seen, [], 'it has seen nothing')
  })

  t.test('to another one is followed where that is allowed', async t => {
    const { ask } = await setup(t, [to(other.url)], { followRedirects: true })
    t.match(await ask(), { body: { fine: true } })
    t.equal(other.seen.length, 1)
  })

  t.test('in a circle ends', async t => {
    const { ask, seen } = await setup(t, Array.from({ length: 20 }, () => to('/jobs')))
    t.match(await errorOf(ask()), { name: 'RequestFailedError', status: 307 })
    t.equal(seen.length, 6)
  })

  t.test('without a target, or of an answer that is none, is an answer', async t => {
    for (const reaction of [html(304), html(399), to('/elsewhere', 409), to('/elsewhere', 401)]) {
      const { ask, seen } = await setup(t, [reaction])
      t.match(await errorOf(ask()), { name: 'RequestFailedError', message: /not what this API answers/ })
      t.equal(seen.length, 1)
    }
  })

  t.test('of a fetch that tells no address', async t => {
    const { ask, seen } = await setup(t, [fine], {
      fetch: async (url, init) => url.endsWith('/jobs') ? new Response(null, { status: 308, headers: { location: '/jobs/' } }) : fetch(url, init)
    })
    t.match(await ask(), { body: { fine: true } })
    t.match(seen, [{ url: '/jobs/' }])
  })

  t.test('in a browser, which tells no target', async t => {
    const opaque = (url: string): Response => Object.defineProperties(Response.error(), { type: { value: 'opaqueredirect' }, url: { value: url } })
    const inits: RequestInit[] = []
    const options: JobsClientOptions = {
      fetch: async (url, init) => {
        inits.push(init)
        return init.redirect === 'manual' ? opaque(url) : Response.json({ fine: true })
      }
    }
    t.teardown(() => { delete (globalThis as { location?: unknown }).location })
    for (const [page, followed] of [[undefined, false], ['https://example.com', false], ['http://127.0.0.1', true]] as const) {
      if (page !== undefined) Object.defineProperty(globalThis, 'location', { value: { origin: page }, configurable: true })
      inits.length = 0
      const { ask } = await setup(t, [], options)
      const asked = ask({ url: 'http://127.0.0.1/jobs' })
      if (followed) t.match(await asked, { body: { fine: true } })
      else t.match(await errorOf(asked), { name: 'RequestFailedError', status: 0 })
      t.same(inits.map(({ redirect, mode }) => redirect ?? mode), followed ? ['manual', 'same-origin'] : ['manual'])
    }
  })
})
