import t from 'tap'
import { createJobsClient } from '../../lib/client/index.js'
import { defineJob, Type } from '../../lib/index.js'
import { redisUrl, uniqueName } from '../helpers/engines.js'
import { startService } from '../helpers/service.js'

t.test('a service may close right after its first watcher came', async t => {
  // An unhandled rejection would fail the test, and end the process of a service.
  for (let round = 0; round < 10; round++) {
    const job = defineJob({ name: uniqueName(), input: Type.Null(), output: Type.Null(), attempts: 1 })
    const { app } = await startService(t, { job, connection: redisUrl(), processor: () => { throw new Error('No.') } })
    const origin = await app.listen({ port: 0, host: '127.0.0.1' })
    await createJobsClient<typeof job>(`${origin}/jobs`).run(null).catch(() => {})
    await app.close()
  }
  t.pass('closed')
})
