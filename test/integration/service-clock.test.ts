import t from 'tap'
import { defineJob, Type } from '../../lib/index.js'
import { redisUrl, uniqueName } from '../helpers/engines.js'
import { startService } from '../helpers/service.js'
import { setClock } from '../helpers/store-clock.js'
import { startWorkProcess } from '../helpers/work-process.js'

/* Services on machines whose clock is wrong. The store's is right, and so is the worker's. */

const HOUR = 3_600_000
const schemas = { input: Type.Object({ do: Type.String() }), output: Type.Object({ by: Type.String() }) }

for (const [what, shift] of [['ahead', HOUR], ['behind', -HOUR]] as const) {
  t.test(`a service whose clock is an hour ${what}`, async t => {
    const job = defineJob({ ...schemas, name: uniqueName(), attempts: 1, startBy: 60, retention: { completed: 600, failed: 600 } })
    const { app, submit, until, result, status } = await startService(t, { job, connection: redisUrl() })
    const worker = await startWorkProcess(t, { name: job.name, by: 'right' })
    setClock(t, shift)
    const { body: { jobId } } = await submit({ do: 'return' })
    await until(jobId, 'completed')
    t.match(await result(jobId), { statusCode: 200, body: { by: 'right' } })

    const { body: { jobId: held } } = await submit({ do: 'hold' })
    await worker.reached('begun', held)
    t.match((await status(held)).body, { status: 'in_progress' })
    await app.jobs(job).cancel(held)
    t.match((await status(held)).body, { status: 'canceled' })

    const delayed = await app.jobs(job).submit({ do: 'return' }, { delay: 300 })
    await until(delayed.jobId, 'completed')
    t.match(await result(delayed.jobId), { statusCode: 200 }, 'a delay is as long as it should be')
    const events = []
    for await (const event of app.jobs(job).events(delayed.jobId)) events.push(event.type)
    t.strictSame(events, ['job'])
  })
}
