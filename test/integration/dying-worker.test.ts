import t from 'tap'
import { defineJob, Type } from '../../lib/index.js'
import type { Order } from '../fixtures/faults/processor.js'
import { redisUrl, uniqueName } from '../helpers/engines.js'
import { startService } from '../helpers/service.js'
import { startWorkProcess } from '../helpers/work-process.js'

/* A processor in the worker's own process that throws where nobody can catch it: by Node's rules the process ends. */

const schemas = { input: Type.Object({ do: Type.String() }), output: Type.Object({ by: Type.String() }) }

for (const what of ['throw outside', 'reject unheard'] satisfies Array<Order['do']>) {
  t.test(`a processor that is to ${what}`, async t => {
    const job = defineJob({ ...schemas, name: uniqueName(), attempts: 1 })
    const { submit, until, result } = await startService(t, { job, connection: redisUrl() })
    const dying = await startWorkProcess(t, { name: job.name, by: 'dying' })
    const { body: { jobId } } = await submit({ do: what })
    await dying.reached('begun', jobId)
    t.equal(await dying.ended, 1)
    const other = await startWorkProcess(t, { name: job.name, by: 'other', sound: true })
    await other.reached('begun', jobId)
    other.tell({ go: jobId })
    t.match(await until(jobId, 'completed'), { attempt: 1 }, 'its job is taken over, and has lost no attempt')
    t.strictSame((await result(jobId)).body, { by: 'other' })
  })
}

t.test('a job that ends every worker', async t => {
  const job = defineJob({ ...schemas, name: uniqueName(), attempts: 3 })
  const { submit, until } = await startService(t, { job, connection: redisUrl() })
  const { body: { jobId } } = await submit({ do: 'throw outside' })
  for (const by of ['first', 'second']) {
    const worker = await startWorkProcess(t, { name: job.name, by })
    await worker.reached('begun', jobId)
    await worker.ended
  }
  await startWorkProcess(t, { name: job.name, by: 'third' })
  t.match(await until(jobId, 'failed'), { error: { code: 'STALLED' } }, 'does not do so for ever')
})
