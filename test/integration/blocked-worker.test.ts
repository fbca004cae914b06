import t, { type Test } from 'tap'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { createWorker, defineJob, Type, type JobEvent } from '../../lib/index.js'
import { createProcessor, type Mark } from '../fixtures/faults/processor.js'
import { redisUrl, silent, uniqueName } from '../helpers/engines.js'
import { temporaryDirectory } from '../helpers/example.js'
import { createMarks } from '../helpers/marks.js'
import { startService } from '../helpers/service.js'
import { startWorkProcess } from '../helpers/work-process.js'

/* A worker that cannot renew its locks, as its processor holds up the event loop: another worker takes its job over. */

const LOCK = 1_000
const LOST = 'The job lost its lock: another worker may run it'
const schemas = { input: Type.Object({ do: Type.String(), until: Type.String() }), output: Type.Object({ by: Type.String() }) }

type Reached = (type: Mark['type'], jobId: string) => Promise<Mark>
/** Starts the worker that will block. It makes the file when it begins a job, and tells what its runs say. */
type Start = (t: Test, job: ReturnType<typeof define>, begun: string) => Promise<Reached>

const define = () => defineJob({ ...schemas, name: uniqueName(), attempts: 1 })

const inThisProcess: Start = async (t, job, begun) => {
  const marks = createMarks<Mark>()
  const processor = createProcessor('blocked', false, {
    mark (mark) {
      if (mark.type === 'begun') writeFileSync(begun, '')
      marks.set(`${mark.type} ${mark.jobId}`, mark)
    },
    told: async () => {}
  })
  const worker = createWorker(job, processor as never, { connection: redisUrl(), lockDuration: LOCK, closeTimeout: 0, log: silent })
  t.teardown(() => worker.close())
  await worker.ready()
  return (type, jobId) => marks.reached(`${type} ${jobId}`)
}

const inItsOwn: Start = async (t, job, begun) => {
  const { reached } = await startWorkProcess(t, { name: job.name, by: 'blocked', lockDuration: LOCK, begun })
  return reached
}

for (const [where, start] of [['in this process', inThisProcess], ['in a process of its own', inItsOwn]] as const) {
  for (const what of ['block and wait', 'block and return'] as const) {
    t.test(`a worker ${where} that is to ${what}`, async t => {
      const job = define()
      const directory = await temporaryDirectory(t)
      const [begun, taken] = [join(directory, 'begun'), join(directory, 'taken')]
      const { app, submit, until, result, status } = await startService(t, { job, connection: redisUrl() })
      const redis = new Redis(redisUrl())
      t.teardown(() => { redis.disconnect() })
      const reached = await start(t, job, begun)
      // It starts when the job is in the wrong hands: nobody here could start it then.
      const starting = startWorkProcess(t, { name: job.name, by: 'other', sound: true, lockDuration: LOCK, begun: taken, after: begun })
      const { body: { jobId } } = await submit({ do: what, until: taken })
      const other = await starting
      await other.reached('begun', jobId)
      t.match(await reached('aborted', jobId), { reason: LOST }, 'its signal aborts as soon as its loop runs again')
      await reached('spoke', jobId)
      t.match((await status(jobId)).body, { status: 'in_progress', progress: 0 }, 'what it tells is not stored')

      other.tell({ go: jobId })
      const done = await until(jobId, 'completed')
      t.match(done, { attempt: 1, progress: 100, message: 'by other' })
      t.strictSame((await result(jobId)).body, { by: 'other' })
      await reached('returned', jobId)
      const events: JobEvent[] = []
      for await (const event of app.jobs(job).events(jobId)) events.push(event)
      t.strictSame(events.flatMap(event => event.type === 'output' ? event.data : []), ['by other'])
      t.strictSame(await finalEvents(redis, job.name, jobId), ['completed'])
      t.strictSame((await status(jobId)).body, done)
    })
  }
}

async function finalEvents (redis: Redis, name: string, jobId: string): Promise<string[]> {
  const entries = await redis.xrange(`bull:${name}:events`, '-', '+')
  return entries.map(([, fields]) => Object.fromEntries(Array.from({ length: fields.length / 2 }, (_, at) => fields.slice(2 * at, 2 * at + 2))) as Record<string, string>)
    .filter(({ jobId: id, event = '' }) => id === jobId && ['completed', 'failed'].includes(event))
    .map(({ event }) => event as string)
}
