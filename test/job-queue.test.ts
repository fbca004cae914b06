import t from 'tap'
import { Redis } from 'ioredis'
import { defineJob, Type } from '../lib/index.js'
import { redisUrl, uniqueName } from './helpers/engines.js'
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
