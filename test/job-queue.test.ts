import t from 'tap'
import { Redis } from 'ioredis'
import { defineJob, Type } from '../lib/index.js'
import { onEachEngine, redisUrl, uniqueName } from './helpers/engines.js'
import { startRedis } from './helpers/redis-server.js'
import { startService } from './helpers/service.js'

const schemas = { input: Type.Object({}), output: Type.String() }

t.test('status costs the same whatever the job and the queue hold', async t => {
  const url = `${redisUrl()}/9`
  const job = defineJob({ ...schemas, name: uniqueName(), input: Type.Object({ text: Type.String() }) })
  const { app, submit, status, until } = await startService(t, { job, connection: url })
  const monitor = new Redis(url)
  t.teardown(() => { monitor.disconnect() })
  const first = (await submit({ text: 'x'.repeat(100_000) })).body.jobId
  await app.jobs(job).queue.addBulk(Array.from({ length: 1_000 }, () => ({ name: job.name, data: { text: '' } })))
  const spent = async (ask: () => Promise<unknown>): Promise<{ calls: Record<string, number>, bytes: number }> => {
    await monitor.config('RESETSTAT')
    const before = await bytesOut(monitor)
    await ask()
    const after = await bytesOut(monitor)
    const stats = await monitor.info('commandstats')
    const calls = Object.fromEntries([...stats.matchAll(/cmdstat_(\S+?):calls=(\d+)/g)].map(([, name, count]) => [name, Number(count)]))
    return { calls, bytes: after - before }
  }
  await status(first)
  const { calls, bytes } = await spent(() => status(first))
  t.match(calls, { evalsha: 1, hmget: 1 })
  for (const costly of ['hgetall', 'lpos', 'lrange', 'zrange', 'keys', 'scan']) t.notOk(costly in calls, costly)
  t.ok(bytes < 5_000, `the input stays where it is (${bytes} bytes)`)
  void until
})

t.test('the whole answer of a completed job without its output', async t => {
  const job = defineJob({ ...schemas, name: uniqueName() })
  const { app, submit, until } = await startService(t, { job, connection: redisUrl(), processor: () => 'x'.repeat(100_000) })
  const { body: { jobId } } = await submit({})
  await until(jobId, 'completed')
  const answer = await app.inject(`/jobs/status/${jobId}`)
  t.ok(answer.body.length < 1_000)
})

async function bytesOut (client: Redis): Promise<number> {
  return Number(/total_net_output_bytes:(\d+)/.exec(await client.info('stats'))?.[1])
}

t.test('an input that can never be stored is the client\'s fault, not the store\'s', t => onEachEngine(t, async (t, { kind, connection }) => {
  const job = defineJob({ name: uniqueName(), input: Type.Object({ text: Type.Unknown() }), output: Type.Null() })
  const { app, submit } = await startService(t, { job, connection })
  const deep = await app.inject({ method: 'POST', url: '/jobs', headers: { 'content-type': 'application/json' }, payload: `{"text":${'['.repeat(9_000)}${']'.repeat(9_000)}}` })
  t.match(deep.json(), { status: 400, code: 'INPUT_INVALID', detail: 'The input is not valid: it is nested too deeply' })
  for (const text of ['a\0b', 'a\ud800b']) {
    const { statusCode, body } = await submit({ text })
    if (kind === 'redis') t.equal(statusCode, 202)
    else t.match(body, { status: 400, code: 'INPUT_INVALID', detail: 'The input is not valid: it has characters that cannot be stored: U+0000, or half a surrogate pair' })
  }
}))

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
