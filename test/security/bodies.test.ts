import t, { type Test } from 'tap'
import type { FastifyInstance, FastifyServerOptions } from 'fastify'
import { once } from 'node:events'
import { connect } from 'node:net'
import { defineJob, Type, type Job, type JobDefinition } from '../../lib/index.js'
import { hashOfInput } from '../../lib/job/sent-input.js'
import { onEachEngine, redisUrl, uniqueName } from '../helpers/engines.js'
import { startService } from '../helpers/service.js'
import { listen } from '../helpers/watch.js'

/* Bodies that no decent client sends. */

const anything = (): JobDefinition => defineJob({ name: uniqueName(), input: Type.Unknown(), output: Type.Unknown(), attempts: 1 })
const json = { 'content-type': 'application/json' }

t.test('what is stored and processed is what the validator accepted', t => onEachEngine(t, async (t, { kind, connection }) => {
  const bodies: Record<string, string> = {
    'a key twice': '{"a":1,"a":2,"b":{"a":[1],"a":[2]}}',
    'a key that objects have': '{"constructor":1,"toString":2,"hasOwnProperty":{"valueOf":3},"__defineGetter__":4}',
    'numbers at the edges': '[9007199254740993,1e308,5e-324,-0,0.1,123456789012345678901234567890]',
    'a byte order mark': '\ufeff{"a":"\ufeff"}',
    'line ends of JavaScript': '"\u2028\u2029\u0085"',
    'keys that are numbers': '{"2":1,"1":2,"-1":3,"":4}',
    'prototypes, where the host lets them in': '{"__proto__":{"polluted":true},"a":{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}}',
    ...(kind === 'redis' && { 'halves of surrogate pairs, and U+0000': '"\\ud800 \\udc00 \\u0000"', 'the same in keys': '{"\\ud800":1,"\\u0000":2}' })
  }
  const hosts: Record<string, FastifyServerOptions> = { strict: {}, lenient: { onProtoPoisoning: 'ignore', onConstructorPoisoning: 'ignore' }, removing: { onProtoPoisoning: 'remove', onConstructorPoisoning: 'remove' } }
  for (const [name, host] of Object.entries(hosts)) {
    const job = anything()
    const accepted: string[] = []
    const processed: string[] = []
    const { app, until, result } = await startService(t, {
      job,
      connection,
      jobOptions: (_request, input) => {
        accepted.push(JSON.stringify(input))
        return undefined
      },
      processor: input => {
        processed.push(JSON.stringify(input))
        return input
      }
    }, host)
    for (const [what, payload] of Object.entries(bodies)) {
      const answer = await app.inject({ method: 'POST', url: '/jobs', payload, headers: { ...json, 'idempotency-key': `"${what}"` } })
      if (name === 'strict' && what.startsWith('prototypes')) {
        t.match(answer, { statusCode: 400, body: /INPUT_MALFORMED/ }, 'Fastify itself refuses them')
        continue
      }
      t.equal(answer.statusCode, 202, `${name}: ${what}`)
      const { jobId } = answer.json<Job>()
      await until(jobId, 'completed')
      const stored = await app.jobs(job).queue.getJob(jobId)
      const [input] = accepted.slice(-1) as [string]
      const same = [stored?.data, JSON.parse(processed.at(-1) as string), (await result(jobId)).body].map(value => hashOfInput(value) === hashOfInput(JSON.parse(input)))
      t.strictSame(same, [true, true, true], what)
      if (kind === 'redis') t.equal(JSON.stringify(stored?.data), input, 'to the letter')
      const again = await app.inject({ method: 'POST', url: '/jobs', payload, headers: { ...json, 'idempotency-key': `"${what}"` } })
      t.match(again, { statusCode: 202, headers: { 'idempotent-replayed': 'true' } }, 'the same once more is a replay')
    }
  }
  t.notOk('polluted' in {}, 'no prototype has changed')
}))

t.test('nothing is polluted in a sandbox either', async t => {
  for (const sandbox of ['thread', 'process'] as const) {
    const { app, until, result } = await startService(t, {
      job: anything(), connection: redisUrl(), processor: new URL('../fixtures/echo-processor.js', import.meta.url), worker: { sandbox }
    }, { onProtoPoisoning: 'ignore', onConstructorPoisoning: 'ignore' })
    const payload = '{"a":[],"constructor":{"prototype":{"polluted":true}},"__proto__":{"polluted":true}}'
    const { jobId } = (await app.inject({ method: 'POST', url: '/jobs', payload, headers: json })).json<Job>()
    await until(jobId, 'completed')
    t.match((await result(jobId)).body, { polluted: false, keys: ['a', 'constructor', '__proto__'] }, sandbox)
  }
})

t.test('text that is no UTF-8', async t => {
  const job = anything()
  const { app } = await startService(t, { job, connection: redisUrl() })
  for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xf8, 0x88, 0x80, 0x80, 0x80], [0xc0, 0x80]]) {
    const answer = await app.inject({ method: 'POST', url: '/jobs', payload: Buffer.from([0x22, ...bytes, 0x22]), headers: json })
    t.equal(answer.statusCode, 202)
    const stored = await app.jobs(job).queue.getJob(answer.json<Job>().jobId)
    t.match(stored?.data, /^\ufffd+$/, 'is replaced, as Fastify does in all bodies')
  }
})

t.test('a hundred thousand levels', t => onEachEngine(t, async (t, { connection }) => {
  const node = { type: 'object', properties: { a: { $ref: '#/$defs/node' } } }
  const tree = defineJob({ name: uniqueName(), input: Type.Unsafe({ $defs: { node }, $ref: '#/$defs/node' }), output: Type.Unknown() })
  const deep: Array<[job: JobDefinition, open: string, middle: string, close: string]> = [[anything(), '[', '', ']'], [tree, '{"a":', '{}', '}']]
  for (const [job, open, middle, close] of deep) {
    const { app, until } = await startService(t, { job, connection, processor: input => input }, { bodyLimit: 2_000_000 })
    const post = (depth: number) => app.inject({ method: 'POST', url: '/jobs', payload: open.repeat(depth) + middle + close.repeat(depth), headers: { ...json, 'idempotency-key': `k${depth}` } })
    t.match((await post(100_000)).json(), { status: 400, code: 'INPUT_INVALID', detail: 'The input is not valid: it is nested too deeply' })
    const { jobId } = (await post(2_000)).json<Job>()
    await until(jobId, 'completed')
    t.match(await post(2_000), { statusCode: 202, headers: { 'idempotent-replayed': 'true' } }, 'two thousand are compared, too')
    const result = await app.inject(`/jobs/result/${jobId}`)
    // PostgreSQL writes it with blanks.
    t.equal(result.body.replaceAll(' ', ''), open.repeat(2_000) + middle + close.repeat(2_000))
  }
}))

t.test('a body that comes a byte at a time is the host\'s to bound', async t => {
  const { app } = await startService(t, { job: anything(), connection: redisUrl() }, {
    // Node takes the longer of the two for the request.
    requestTimeout: 300, http: { headersTimeout: 200, connectionsCheckingInterval: 50 }
  } as FastifyServerOptions)
  const { socket, answer } = await open(t, app)
  socket.write('POST /jobs HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 10000\r\n\r\n')
  const dripping = setInterval(() => { socket.write('1') }, 20)
  t.teardown(() => { clearInterval(dripping) })
  t.match(await answer, /^HTTP\/1\.1 408 /, 'by its requestTimeout, which Fastify leaves at none')
})

t.test('headers of a megabyte', async t => {
  const { app } = await startService(t, { job: anything(), connection: redisUrl() })
  for (const name of ['prefer', 'idempotency-key', 'last-event-id', 'x-other']) {
    const { socket, answer } = await open(t, app)
    socket.write(`POST /jobs HTTP/1.1\r\nhost: x\r\n${name}: ${'a'.repeat(1_000_000)}\r\n\r\n`)
    t.match(await answer, /^HTTP\/1\.1 431 /, `${name}: Node refuses them`)
  }
})

t.test('chunks without end', async t => {
  const { app } = await startService(t, { job: anything(), connection: redisUrl() }, { bodyLimit: 100_000 })
  const jobId = (await app.inject({ method: 'POST', url: '/jobs', payload: '1', headers: json })).json<Job>().jobId
  for (const path of ['/jobs', `/jobs/cancel/${jobId}`]) {
    const { socket, answer } = await open(t, app)
    socket.write(`POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`)
    const flooding = setInterval(() => { if (socket.writable) socket.write(`2710\r\n${' '.repeat(10_000)}\r\n`) }, 5)
    t.teardown(() => { clearInterval(flooding) })
    const text = await answer
    clearInterval(flooding)
    t.match(text, /^HTTP\/1\.1 413 [^]*application\/problem\+json[^]*INPUT_TOO_LARGE/, path)
  }
  t.match((await app.inject(`/jobs/status/${jobId}`)).json(), { status: 'pending' }, 'and nothing was canceled')
})

/** A connection, and all that is answered on it until the server closes it. */
async function open (t: Test, app: FastifyInstance): Promise<{ socket: ReturnType<typeof connect>, answer: Promise<string> }> {
  const socket = connect(Number(new URL(await listen(app)).port), '127.0.0.1')
  t.teardown(() => { socket.destroy() })
  // It may be reset while it still sends.
  socket.on('error', () => {})
  let text = ''
  socket.on('data', data => { text += String(data) })
  const answer = new Promise<string>(resolve => { socket.on('close', () => { resolve(text) }) })
  await once(socket, 'connect')
  return { socket, answer }
}
