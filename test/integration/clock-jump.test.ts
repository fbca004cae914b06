import t from 'tap'
import { Redis } from 'ioredis'
import { defineJob, Type } from '../../lib/index.js'
import { redisUrl, uniqueName } from '../helpers/engines.js'
import { eventually, startService } from '../helpers/service.js'
import { startWorkProcess } from '../helpers/work-process.js'

/* Clocks that are set while a worker runs. */

const HOUR = 3_600_000
const LOCK = 1_000
const schemas = { input: Type.Object({ do: Type.String() }), output: Type.Object({ by: Type.String() }) }

for (const [what, shift] of [['ahead', HOUR], ['behind', -HOUR]] as const) {
  t.test(`a worker whose clock is suddenly an hour ${what}`, async t => {
    const job = defineJob({ ...schemas, name: uniqueName(), attempts: 1 })
    const { submit, until, result } = await startService(t, { job, connection: redisUrl() })
    const redis = new Redis(redisUrl())
    t.teardown(() => { redis.disconnect() })
    const worker = await startWorkProcess(t, { name: job.name, by: 'wrong', lockDuration: LOCK })
    const { body: { jobId } } = await submit({ do: 'hold' })
    await worker.reached('begun', jobId)
    const other = await startWorkProcess(t, { name: job.name, by: 'other', sound: true, lockDuration: LOCK })
    let taken = false
    void other.reached('begun', jobId).then(() => { taken = true })
    worker.tell({ shift })
    const token = await redis.get(`bull:${job.name}:${jobId}:lock`)
    const end = await redis.time().then(([seconds]) => Number(seconds) + 4 * LOCK / 1_000)
    const tokens = new Set<string | null>()
    await eventually(async () => {
      tokens.add(await redis.get(`bull:${job.name}:${jobId}:lock`))
      return Number((await redis.time())[0])
    }, time => time > end)
    t.strictSame([...tokens], [token], 'renews the locks of its jobs')
    t.notOk(taken)
    worker.tell({ go: jobId })
    await until(jobId, 'completed')
    t.match(await result(jobId), { statusCode: 200, body: { by: 'wrong' } })
    await other.close()
    const next = (await submit({ do: 'return' })).body.jobId
    await until(next, 'completed')
    t.match(await result(next), { statusCode: 200, body: { by: 'wrong' } }, 'and takes further ones')
  })
}
