import t from 'tap'
import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { defineJob, Type } from '../../lib/index.js'
import { redisUrl, uniqueName } from '../helpers/engines.js'
import { startRedis } from '../helpers/redis-server.js'
import { eventually, startService } from '../helpers/service.js'
import { startWorkProcess } from '../helpers/work-process.js'

/* Workers on machines whose clock is wrong. The store's is right. */

const HOUR = 3_600_000
const schemas = { input: Type.Object({ do: Type.String() }), output: Type.Object({ by: Type.String() }) }

for (const [what, shift] of [['ahead', HOUR], ['behind', -HOUR]] as const) {
  t.test(`a worker whose clock is an hour ${what}`, async t => {
    await t.test('knows which jobs were not started in time', async t => {
      const job = defineJob({ ...schemas, name: uniqueName(), attempts: 1, startBy: 60 })
      const { app, submit, until, result } = await startService(t, { job, connection: redisUrl() })
      const { queue } = app.jobs(job)
      const late = randomUUID()
      await queue.add(job.name, { do: 'return' }, { jobId: late, timestamp: Date.now() - 10_000, ...{ startBy: 5 } })
      await startWorkProcess(t, { name: job.name, by: 'wrong', shift })
      const { body: { jobId } } = await submit({ do: 'return' })
      await until(jobId, 'completed')
      t.strictSame(await result(jobId), { ...await result(jobId), statusCode: 200, body: { by: 'wrong' } })
      t.equal(await queue.getFailedCount(), 1, 'before anybody asks')
      t.match(await until(late, 'failed'), { error: { code: 'EXPIRED' } })
    })

    await t.test('retries', async t => {
      const job = defineJob({ ...schemas, name: uniqueName(), attempts: 3, backoff: { type: 'fixed', delay: 50 } })
      const { submit, until } = await startService(t, { job, connection: redisUrl() })
      await startWorkProcess(t, { name: job.name, by: 'wrong', shift, attempts: 3 })
      t.match(await until((await submit({ do: 'fail' })).body.jobId, 'failed'), { attempt: 3, error: { code: 'PROCESSOR_ERROR' } })
    })

    await t.test('deletes what has expired, and nothing else', async t => {
      const server = await startRedis()
      t.teardown(() => server.stop())
      const redis = new Redis(server.url)
      t.teardown(() => { redis.disconnect() })
      const retention = { completed: 1, failed: 600 }
      const job = defineJob({ ...schemas, name: uniqueName(), attempts: 1, retention })
      const { app, submit, until } = await startService(t, { job, connection: server.url })
      const right = await startWorkProcess(t, { name: job.name, by: 'right', connection: server.url, retention })
      const failed = (await submit({ do: 'fail' })).body.jobId
      await until(failed, 'failed')
      const jobs = await Promise.all(Array.from({ length: 100 }, () => submit({ do: 'return' })))
      for (const { body: { jobId } } of jobs) await until(jobId, 'completed')
      await right.close()
      const [oldest] = await redis.xrange(`bull:${job.name}:events`, '-', '+', 'COUNT', 1)

      const cleanings = await countCleanings(redis)
      const { lines } = await startWorkProcess(t, { name: job.name, by: 'wrong', shift, connection: server.url, retention })
      await eventually(() => app.jobs(job).queue.getCompletedCount(), count => count === 0)
      // It trims last: the second time it has done all that it does.
      await eventually(() => countCleanings(redis), count => count >= cleanings + 2)
      t.match(await until(failed, 'failed'), { jobId: failed }, 'its retention has not passed')
      t.strictSame((await redis.xrange(`bull:${job.name}:events`, '-', '+', 'COUNT', 1))[0], oldest, 'and events of the last minutes are there')
      t.match(lines, [['warn', /^The clock of this process is not that of the store/]], 'the log tells')
      t.equal(lines.length, 1)
    })
  })
}

async function countCleanings (redis: Redis): Promise<number> {
  return Number(/cmdstat_xtrim:calls=(\d+)/.exec(await redis.info('commandstats'))?.[1] ?? 0)
}
