import t from 'tap'
import { setTimeout as sleep } from 'node:timers/promises'
import { defineJob, Type } from '../../lib/index.js'
import { uniqueName } from '../helpers/engines.js'
import { logLines } from '../helpers/log-lines.js'
import { startSentinels } from '../helpers/redis-sentinel.js'
import { startService } from '../helpers/service.js'

t.setTimeout(240_000)

/** How long each job takes, in ms: some of them wait, one runs and some have ended when the master freezes. */
const WORK = 100
const JOBS = 40

/** How long it may take until a job is done again, in ms. */
const LIMIT = 15_000

t.test('a master under Sentinel that freezes', async t => {
  const { connection, master, replicated } = await startSentinels(t)
  const log = logLines()
  const job = defineJob({ name: uniqueName(), input: Type.Object({ number: Type.Integer() }), output: Type.Object({ number: Type.Integer() }) })
  const { submit, until, result } = await startService(t, {
    job,
    connection,
    processor: async ({ number }) => {
      await sleep(WORK)
      return { number }
    },
    worker: { concurrency: 1 }
  }, { logger: { level: 'info', stream: log } })

  const accepted = await Promise.all(Array.from({ length: JOBS }, async (_, number) => (await submit({ number })).body.jobId))
  await until(accepted[0] as string, 'completed')
  await replicated()

  master.pause()
  const from = performance.now()
  const begun = log.lines().length
  let jobId: string | undefined
  while (jobId === undefined) {
    const { statusCode, body } = await submit({ number: JOBS })
    if (statusCode === 202) jobId = body.jobId
    else await sleep(50)
  }
  const taken = performance.now() - from
  await until(jobId, 'completed')
  const done = performance.now() - from
  t.ok(done < LIMIT, `a job is accepted after ${Math.round(taken)} ms, and done after ${Math.round(done)}`)

  for (const [number, accept] of accepted.entries()) {
    await until(accept, 'completed')
    t.strictSame((await result(accept)).body, { number })
  }
  const lines = log.lines().slice(begun).filter(({ level, reqId }) => Number(level) >= 40 || reqId === undefined)
  t.comment(lines.map(({ msg }) => msg))
  t.ok(lines.length < 10, `says so in ${lines.length} lines`)
  master.resume()
})
