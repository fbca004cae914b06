import t from 'tap'
import { Redis } from 'ioredis'
import { askStore } from '../lib/ask-store.js'
import { InputInvalidError } from '../lib/errors.js'
import { defineJob, Type } from '../lib/index.js'
import { uniqueName } from './helpers/engines.js'
import { startRedis } from './helpers/redis-server.js'
import { startService } from './helpers/service.js'

t.test('what it answers, or that it does not', async t => {
  const engine = { available: true, noteFailure: () => false }
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
