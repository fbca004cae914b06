import t from 'tap'
import Fastify from 'fastify'
import type { Job } from '../../types/job.js'
import { asyncJobs, defineJob, Type, type Processor } from '../../lib/index.js'
import { onEachEngine, uniqueName } from '../helpers/engines.js'
import { latch } from '../helpers/latch.js'
import { startService } from '../helpers/service.js'

/** How a processor may wait for another job. */
const WAYS = ['wait', 'events'] as const

t.test('a processor may wait for another job while the service closes', t => onEachEngine(t, async (t, { connection }) => {
  for (const way of WAYS) {
    const child = defineJob({ name: uniqueName('child'), input: Type.Object({}), output: Type.String(), attempts: 1 })
    const parent = defineJob({ name: uniqueName('parent'), input: Type.Object({}), output: Type.String(), attempts: 1 })
    const [running, end, closing] = [latch(), latch(), latch()]
    const run: Processor<typeof parent> = async () => {
      const jobs = app.jobs(child)
      const { jobId } = await jobs.submit({})
      if (way === 'wait') return await jobs.wait(jobId)
      let last: Job | undefined
      for await (const event of jobs.events(jobId)) if (event.type === 'job') last = event.job
      return String(last?.status)
    }
    const app = Fastify()
    t.teardown(() => app.close())
    // The last thing before the hooks of the registrations.
    app.addHook('preClose', async () => { closing.open() })
    await app.register(asyncJobs, { prefix: '/child', job: child, connection, processor: async () => { running.open(); await end.promise; return 'done' } })
    await app.register(asyncJobs, { prefix: '/parent', job: parent, connection, processor: run })
    await app.ready()
    const { jobId } = await app.jobs(parent).submit({})
    // The host's own code beside the processors is let go when the last of them has ended.
    const outside = app.jobs(parent).wait(jobId)
    await running.promise
    const closed = app.close()
    await closing.promise
    end.open()
    await closed
    const { app: other } = await startService(t, { job: parent, connection })
    t.match(await other.jobs(parent).status(jobId), { status: 'completed', attempt: 1 }, way)
    t.equal(await other.jobs(parent).result(jobId), way === 'wait' ? 'done' : 'completed')
    t.match(await outside.catch((error: unknown) => error), way === 'wait' ? /done|SERVICE_CLOSING/ : /completed|SERVICE_CLOSING/)
  }
}))

t.test('whoever waits from outside is let go at once', t => onEachEngine(t, async (t, { connection }) => {
  const job = defineJob({ name: uniqueName(), input: Type.Object({}), output: Type.Null() })
  const [running, end] = [latch(), latch()]
  const { app, submit } = await startService(t, { job, connection, processor: async () => { running.open(); await end.promise; return null } })
  const { body: { jobId } } = await submit({})
  await running.promise
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const waiting = fetch(`${url}/jobs/status/${jobId}?wait=50`)
  const stream = await fetch(`${url}/jobs/events/${jobId}`)
  const closed = app.close()
  t.match(await (await waiting).json(), { status: 'in_progress' })
  t.match(await stream.text(), /in_progress/)
  end.open()
  await closed
}))
