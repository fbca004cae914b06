import t from 'tap'
import { setTimeout } from 'node:timers/promises'
import { defineJob, JobError, Type, type Processor } from '../../lib/index.js'
import { uniqueName } from '../helpers/engines.js'
import { logLines } from '../helpers/log-lines.js'
import { REFUSALS, startRefusingRedis } from '../helpers/refusing-redis.js'
import { eventually, startService } from '../helpers/service.js'

/** How long Redis refuses to write, in ms. */
const OUTAGE = 2_500

/** How long after that it may take until the outcome is there, in ms. */
const PATIENCE = 2_000

/** What attempts end in. */
const ENDS = {
  completed: () => ({ ok: true }),
  failed: () => { throw new JobError('NO', 'No.') }
}

t.setTimeout(240_000)

for (const refusal of Object.keys(REFUSALS)) {
  for (const status of ['completed', 'failed'] as const) {
    t.test(`a Redis that refuses to write (${refusal}) as jobs are ${status}`, async t => {
      const redis = await startRefusingRedis(t, refusal)
      const job = defineJob({ name: uniqueName(), input: Type.Object({ tells: Type.Boolean() }), output: Type.Object({ ok: Type.Boolean() }), attempts: 1 })
      const runs: string[] = []
      let refusing: Promise<void> | undefined
      const processor: Processor<typeof job> = async ({ tells }, { jobId, progress, write }) => {
        runs.push(jobId)
        await (refusing ??= redis.refuse())
        if (tells) {
          await progress(90)
          await write('the last chunk')
        }
        return ENDS[status]()
      }
      const log = logLines()
      const { app, submit } = await startService(t, { job, connection: redis.url, processor, worker: { concurrency: 2 } }, { disableRequestLogging: true, logger: { level: 'info', stream: log } })
      const jobIds = await Promise.all([true, false].map(async tells => (await submit({ tells })).body.jobId))
      await setTimeout(OUTAGE)
      await redis.accept()
      const begin = performance.now()
      for (const jobId of jobIds) await eventually(() => app.jobs(job).status(jobId).catch(() => undefined), found => found?.status === status)
      const took = Math.round(performance.now() - begin)
      t.ok(took < PATIENCE, `they are so ${took} ms after it takes writes again`)
      t.strictSame(runs.sort(), jobIds.sort(), 'each ran once')
      const told = []
      for (const jobId of jobIds) for await (const event of app.jobs(job).events(jobId)) if (event.type === 'output') told.push(event.data)
      t.strictSame(told, ['the last chunk'])
      const lines = log.lines().map(({ msg }) => msg).filter(msg => msg !== 'The attempt failed')
      // There the client connects anew by itself, and so the readers of events do.
      if (refusal === 'READONLY') t.ok(lines.length < 4, `few lines: ${lines.join(', ')}`)
      else if (refusal.startsWith('NOPERM')) t.match(lines, [/^Redis refuses what the service needs/, /^Redis is back/])
      else t.match(lines, [/^The store refuses what the worker asks of it/, /^The store takes what the worker asks of it/])
    })
  }
}
