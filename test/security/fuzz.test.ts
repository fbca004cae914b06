import t, { type Test } from 'tap'
import fc from 'fast-check'
import Fastify, { type FastifyInstance } from 'fastify'
import { once } from 'node:events'
import { Agent, request, type IncomingMessage } from 'node:http'
import WebSocket from 'ws'
import { asyncJobs, defineJob, Type, type Job, type Problem } from '../../lib/index.js'
import { redisUrl, uniqueName } from '../helpers/engines.js'
import { logLines, type LogLines } from '../helpers/log-lines.js'
import { listen } from '../helpers/watch.js'

/*
 * Whatever is sent, the answer is a documented one, comes soon, and repeats nothing of it. The same each time; with
 * FUZZ_SECONDS=600 for so long in all, from another seed each time.
 */

const seconds = Number(process.env['FUZZ_SECONDS'] ?? 0)

/** Five properties share the time. */
async function holds<Values> (property: fc.IAsyncProperty<Values>, numRuns = 150): Promise<void> {
  const until = Date.now() + seconds * 1_000 / 5
  do await fc.assert(property, { numRuns, ...(seconds === 0 && { seed: 1 }) })
  while (Date.now() < until)
}

t.setTimeout(60_000 + seconds * 2_000)

const CODES: Record<number, string[]> = {
  400: ['INPUT_INVALID', 'INPUT_MALFORMED', 'QUERY_INVALID', 'IDEMPOTENCY_KEY_INVALID'],
  404: ['JOB_NOT_FOUND'],
  409: ['JOB_NOT_FINISHED'],
  413: ['INPUT_TOO_LARGE'],
  415: ['UNSUPPORTED_MEDIA_TYPE'],
  422: ['IDEMPOTENCY_KEY_REUSED'],
  426: ['UPGRADE_REQUIRED']
}

interface Bench { app: FastifyInstance, jobId: string, log: LogLines }

async function start (t: Test): Promise<Bench> {
  const log = logLines()
  const app = Fastify({ logger: { level: 'error', stream: log } })
  t.teardown(() => app.close())
  const job = defineJob({ name: uniqueName(), input: Type.Object({ text: Type.String() }, { additionalProperties: false }), output: Type.Null() })
  await app.register(asyncJobs, { job, prefix: '/jobs/:tenant', connection: redisUrl(), maxWait: 0 })
  await app.ready()
  const answer = await app.inject({ method: 'POST', url: '/jobs/acme', payload: { text: '' } })
  return { app, jobId: answer.json<Job>().jobId, log }
}

/** Text that means something to some parser, or nothing to any. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.constantFrom('', '..', '../..', '%00', '%2e%2e%2f', '%2F', '%zz', '%', '\0', '__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'null', '-1', '1e999', '9'.repeat(400), 'a'.repeat(2_000), '<script>alert(1)</script>', '\r\nx-forged: 1', '{{7*7}}', "' OR 1=1 --", '\u202e', '\ud800', '😀', 'redis.call("FLUSHALL")', '*', ':id', '?', '#', '"', "'", '\\', ',', ';', '=')
)

/** As header values may be: Node refuses others before they are sent. */
const headerValue = fc.oneof(
  text.map(value => value.replace(/[^\t\x20-\x7e\x80-\xff]/g, '')),
  fc.array(fc.constantFrom('wait', '=', '5', '"', '\\', ',', ';', ' ', 'respond-async', 'q=0.1', '*/*', 'text/event-stream', 'application/json', '/', 'charset=utf-8', 'null', 'https://evil.example', '0.', 'abcdefgh', '2.mS4Xq0Tz', '\t'), { maxLength: 12 }).map(parts => parts.join(''))
)
const headers = fc.record({ prefer: headerValue, 'idempotency-key': headerValue, 'last-event-id': headerValue, accept: headerValue, 'content-type': headerValue, origin: headerValue, 'x-forwarded-host': headerValue, 'x-http-method-override': headerValue }, { requiredKeys: [] })

/** What is looked for in answers: a value that no answer has of its own. */
const ECHO = /<script>|x-forged|evil\.example|alert\(1\)|FLUSHALL|\{\{7|OR 1=1/

const agent = new Agent({ keepAlive: true })

/** A request for a path as it is: `inject` and `fetch` resolve dots. */
async function ask (origin: string, method: string, path: string): Promise<Answered> {
  const { port } = new URL(origin)
  const [response] = await once(request({ agent, host: '127.0.0.1', port, method, path }).end(), 'response') as [IncomingMessage]
  let body = ''
  for await (const chunk of response) body += String(chunk)
  return { statusCode: response.statusCode as number, headers: response.headers, body }
}

interface Answered { statusCode: number, headers: object, body: string }

function check ({ statusCode, headers, body }: Answered, what: string): void {
  const told = `${what}: ${statusCode} ${body.slice(0, 300)}`
  if (ECHO.test(JSON.stringify(headers) + body)) throw new Error(`It repeats what was sent: ${told}`)
  if (statusCode < 300) return
  const type = String((headers as Record<string, unknown>)['content-type'])
  if (!type.startsWith('application/problem+json')) throw new Error(`It is no problem: ${told}`)
  const { status, code } = JSON.parse(body) as Problem
  if (status !== statusCode || CODES[statusCode]?.includes(code) !== true) throw new Error(`It is not documented: ${told}`)
}

t.test('headers of all routes', async t => {
  const { app, jobId, log } = await start(t)
  const routes = ['POST /jobs/acme', ...['status', 'result', 'socket'].map(route => `GET /jobs/acme/${route}${route === 'socket' ? '' : `/${jobId}`}`), 'GET /jobs/acme/events/6f1c2b1e-8f0a-4b57-9d3e-2a7c5d4e9f10', 'POST /jobs/acme/cancel/6f1c2b1e-8f0a-4b57-9d3e-2a7c5d4e9f10']
  await holds(fc.asyncProperty(fc.constantFrom(...routes), headers, fc.oneof(fc.constant('{"text":""}'), fc.json(), text), async (route, sent, payload) => {
    const [method, url] = route.split(' ') as ['GET' | 'POST', string]
    const answer = await app.inject({ method, url, headers: sent, ...(method === 'POST' && { payload }) })
    check(answer, `${route} ${JSON.stringify(sent)} ${payload}`)
  }), 600)
  t.equal(log.text(), '')
})

t.test('ids and queries', async t => {
  const { app, log } = await start(t)
  const origin = await listen(app)
  const encoded = fc.oneof(text.map(value => encodeURIComponent(value.toWellFormed())), fc.constantFrom('%2F', '%2e%2e', '%00', '..%2f..', '__proto__', 'constructor', 'a%2Fb', '%F0%9F%98%80', 'A'.repeat(2_000)))
  const query = fc.array(fc.tuple(fc.constantFrom('wait', 'wait[]', '__proto__', 'constructor[prototype][a]', 'x', ''), encoded), { maxLength: 4 }).map(pairs => pairs.map(pair => pair.join('=')).join('&'))
  await holds(fc.asyncProperty(fc.constantFrom('status', 'result', 'events', 'cancel'), encoded.filter(value => value !== ''), query, async (route, id, search) => {
    const url = `/jobs/acme/${route}/${id}?${search}`
    check(await ask(origin, route === 'cancel' ? 'POST' : 'GET', url), url)
  }), 300)
  t.equal(log.text(), '')
})

t.test('a path that is none is the host\'s: no route is reached', async t => {
  const { app } = await start(t)
  const { statusCode, headers, body } = await ask(await listen(app), 'GET', '/jobs/acme/status/%zz')
  t.match([statusCode, headers, body], [400, { 'content-type': /^application\/json/ }, /FST_ERR_BAD_URL/])
})

t.test('parameters of a prefix', async t => {
  const { app, log } = await start(t)
  await holds(fc.asyncProperty(text.map(value => value.toWellFormed().slice(0, 30)).filter(value => value !== '' && !/^\.+$/.test(value)), async tenant => {
    const { statusCode, headers: { location }, body } = await app.inject({ method: 'POST', url: `/jobs/${encodeURIComponent(tenant)}`, payload: { text: '' } })
    if (statusCode !== 202) throw new Error(`${statusCode} ${body}`)
    const { links, jobId } = JSON.parse(body) as Job
    if (location !== `/jobs/${encodeURIComponent(tenant)}/status/${jobId}` || links.status !== location) throw new Error(`Another path: ${location}`)
  }))
  t.equal(log.text(), '')
})

t.test('messages of a WebSocket', async t => {
  const { app, jobId, log } = await start(t)
  const url = `${(await listen(app)).replace('http', 'ws')}/jobs/acme/socket`
  const known = fc.record({ type: fc.constantFrom('subscribe', 'unsubscribe', 'ping', 'job', '__proto__'), jobId: fc.oneof(fc.constant(jobId), text, fc.jsonValue()), after: fc.oneof(text, fc.constantFrom('0.', '2.mS4Xq0Tz'), fc.jsonValue()) }, { requiredKeys: [] }).map(value => JSON.stringify(value))
  const depth = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)
  const message = fc.oneof({ weight: 4, arbitrary: known }, fc.json(), text, fc.uint8Array({ maxLength: 100 }).map(bytes => Buffer.from(bytes)), fc.constantFrom('x'.repeat(4_097), 'x'.repeat(100_000), depth(2_000), depth(8_000), `{"type":"subscribe","jobId":${depth(1_000)}}`, `{"type":"subscribe","jobId":"${jobId}","after":"${'9'.repeat(3_900)}"}`))
  await holds(fc.asyncProperty(fc.array(fc.tuple(message, fc.boolean()), { maxLength: 5 }), async messages => {
    const socket = new WebSocket(url)
    socket.on('error', () => {})
    const received: Array<Record<string, unknown>> = []
    socket.on('message', data => { received.push(JSON.parse(String(data)) as Record<string, unknown>) })
    const closed = once(socket, 'close') as Promise<[number, Buffer]>
    await once(socket, 'open')
    for (const [sent, inPieces] of messages) {
      if (socket.readyState !== WebSocket.OPEN) break
      if (inPieces) {
        const middle = Math.floor(sent.length / 2)
        for (const piece of [sent.slice(0, middle), '']) socket.send(piece, { fin: false, binary: typeof sent !== 'string' })
        socket.send(sent.slice(middle), { fin: true })
      } else socket.send(sent)
    }
    // What is asked last is answered last, unless the server has closed it for what came before.
    socket.send('{"type":"ping"}', () => {})
    const pong = new Promise<void>(resolve => { socket.on('message', data => { if (String(data) === '{"type":"pong"}') resolve() }) })
    await Promise.race([closed, pong])
    socket.close()
    const [code] = await closed
    if (![1005, 1007, 1008, 1009].includes(code)) throw new Error(`closed with ${code}`)
    for (const { type, problem } of received) {
      if (!['job', 'error', 'pong'].includes(String(type))) throw new Error(`It says ${String(type)}`)
      if (type === 'error' && (problem as Problem).code !== 'JOB_NOT_FOUND') throw new Error(JSON.stringify(problem))
    }
  }))
  t.equal(log.text(), '')
})

t.test('ids of events', async t => {
  const { app, jobId, log } = await start(t)
  const origin = await listen(app)
  await holds(fc.asyncProperty(headerValue, async after => {
    const response = await fetch(`${origin}/jobs/acme/events/${jobId}`, { headers: { 'last-event-id': after } })
    if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`)
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    let told = ''
    while (!told.includes('\n\n', told.indexOf('event: job'))) told += Buffer.from((await reader.read()).value as Uint8Array).toString()
    await reader.cancel()
    if (ECHO.test(told) || !told.includes('event: job')) throw new Error(told)
  }))
  t.equal(log.text(), '')
})
