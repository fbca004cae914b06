import t from 'tap'
import { Redis } from 'ioredis'
import { askStore } from '../../lib/queue/ask-store.js'
import { InputInvalidError } from '../../lib/base/errors.js'
import { defineJob, Type } from '../../lib/index.js'
import { uniqueName } from '../helpers/engines.js'
import { startRedis } from '../helpers/redis-server.js'
import { startService } from '../helpers/service.js'

type Asked = Parameters<typeof askStore>[0]

t.test('what it answers, or that it does not', async t => {
  const engine: Asked = { available: true, noteFailure: () => false, ready: async () => {}, wasInterrupted: () => false }
  t.equal(await askStore(engine, async () => 'answer'), 'answer')
  const unavailable = { code: 'STORE_UNAVAILABLE', statusCode: 503, headers: { 'retry-after': '1' } }
  await t.rejects(askStore({ ...engine, available: false }, async () => t.fail('asked')), { ...unavailable, cause: undefined })
  const cause = Object.assign(new Error('Command timed out'), { command: { args: ['my secret'] } })
  await t.rejects(askStore(engine, async () => { throw cause }), { ...unavailable, cause })
  await t.rejects(askStore({ ...engine, noteFailure: error => error === cause }, async () => { throw cause }), { ...unavailable, cause: undefined }, 'of which the engine has told')
  t.notOk('command' in cause)
  for (const fault of [new TypeError('x is not a function'), Object.assign(new Error('WRONGTYPE Operation against a key'), { name: 'ReplyError' })]) {
    await t.rejects(askStore(engine, async () => { throw fault }), { code: 'INTERNAL_ERROR', statusCode: 500, cause: fault }, 'a fault of ours is no outage')
  }
  const invalid = new InputInvalidError('it is nested too deeply')
  await t.rejects(askStore(engine, async () => { throw invalid }), invalid)
})

t.test('a question that a closed connection interrupts is asked again', async t => {
  const interruption = new Error('Connection is closed.')
  const state = { available: true, waited: 0, noteFailure: () => false, wasInterrupted: (error: unknown) => error === interruption }
  const engine: Asked & typeof state = Object.assign(state, {
    ready: async () => {
      state.waited++
      state.available = true
    }
  })
  let asked = 0
  t.equal(await askStore(engine, async () => {
    if (++asked === 3) return 'answer'
    engine.available = asked === 1
    throw interruption
  }), 'answer')
  t.equal(engine.waited, 1, 'when the connection is there')

  const begun = performance.now()
  const refused = await askStore(engine, async () => { throw interruption }).catch((error: unknown) => error)
  t.match(refused, { code: 'STORE_UNAVAILABLE', cause: interruption })
  t.ok(performance.now() - begun >= 900, 'for a second')

  engine.ready = async () => {}
  engine.available = false
  await t.rejects(askStore(engine, async () => t.fail('asked')), { code: 'STORE_UNAVAILABLE' })
})

t.test('the log tells of a store\'s refusal, not of the input', async t => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const client = new Redis(redis.url)
  t.teardown(() => { client.disconnect() })
  const lines: string[] = []
  const job = defineJob({ name: uniqueName(), input: Type.Object({ text: Type.String() }), output: Type.Null() })
  const { submit } = await startService(t, { job, connection: redis.url }, { logger: { level: 'warn', stream: { write: (line: string) => { lines.push(line) } } } })
  await client.config('SET', 'maxmemory', '1')
  t.match(await submit({ text: 'my secret' }), { statusCode: 503 })
  t.match(lines.map(line => (JSON.parse(line) as { err: { message: string } }).err.message), [/OOM/])
  t.notMatch(lines.join(''), /my secret/)
})
