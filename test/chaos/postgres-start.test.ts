import t, { type Test } from 'tap'
import { setTimeout } from 'node:timers/promises'
import { createWorker, defineJob, Type } from '../../lib/index.js'
import { startDeafProxy } from '../helpers/deaf-proxy.js'
import { silent, uniqueName } from '../helpers/engines.js'
import { logLines } from '../helpers/log-lines.js'
import { createDatabase } from '../helpers/postgres-database.js'
import { eventually, service, startService } from '../helpers/service.js'

t.setTimeout(240_000)

/* Faults from the first moment on, and those that nobody tells of. */

const define = () => defineJob({ name: uniqueName(), input: Type.Object({}), output: Type.Object({ ok: Type.Boolean() }), attempts: 1 })

/** What became of the jobs of a queue. */
async function states (query: (text: string, values: unknown[]) => Promise<Array<{ state: string, jobs: number }>>, name: string): Promise<Record<string, number>> {
  await setTimeout(50)
  const rows = await query('SELECT state::text, count(*)::int AS jobs FROM bullmq.job WHERE queue = $1 GROUP BY state', [name])
  return Object.fromEntries(rows.map(({ state, jobs }) => [state, jobs]))
}

t.test('connections that are ended every 150 ms, from before the service and its worker are there', async t => {
  const database = await createDatabase(t)
  const job = define()
  // The schema, which is made in one transaction: that one is not what this is about.
  await (await startService(t, { job: define(), connection: database.url })).app.close()
  const ended = new AbortController()
  const breaking = (async () => {
    while (!ended.signal.aborted) {
      await database.endConnections()
      await setTimeout(150)
    }
  })()
  const log = logLines()
  const { app, submit } = await startService(t, { job, connection: database.url }, { logger: { level: 'warn', stream: log } })
  const runs: string[] = []
  const worker = createWorker(job, async (_input, { jobId }) => {
    runs.push(jobId)
    await setTimeout(60)
    return { ok: true }
  }, { connection: database.url, concurrency: 5, log: silent })
  t.teardown(() => worker.close())
  await worker.ready()

  const answers: Record<number, number> = {}
  for (let accepted = 0; accepted < 100;) {
    const { statusCode } = await submit({})
    answers[statusCode] = (answers[statusCode] ?? 0) + 1
    if (statusCode === 202) accepted++
  }
  t.strictSame(Object.keys(answers), ['202'], 'what a closed connection interrupts is asked again')
  const { jobs } = (await database.query<{ jobs: number }>('SELECT count(*)::int AS jobs FROM bullmq.job WHERE queue = $1', [job.name]))[0] as { jobs: number }
  t.equal(jobs, 100, 'no job is lost, and none stored twice')
  const end = await eventually(() => states(database.query, job.name), ({ completed = 0, failed = 0 }) => completed + failed === jobs)
  ended.abort()
  await breaking
  t.comment(JSON.stringify(answers), `${log.lines().length} lines`)
  t.strictSame(end, { completed: jobs }, 'each is completed')
  t.equal(runs.length, new Set(runs).size, 'each ran once')
  t.ok(log.lines().length <= 10, `few lines: ${log.lines().length}`)
  await Promise.all([worker.close(), app.close()])
})

t.test('an idle connection that is closed is nothing to tell', async t => {
  const database = await createDatabase(t)
  const log = logLines()
  const job = define()
  const { app, submit } = await startService(t, { job, connection: database.url }, { logger: { level: 'warn', stream: log } })
  for (let time = 0; time < 10; time++) {
    t.equal((await submit({})).statusCode, 202)
    await database.endConnections()
    // Until the process has heard of it.
    await setTimeout(50)
  }
  t.strictSame(log.lines(), [])
  await app.close()
})

async function deaf (t: Test): Promise<void> {
  const database = await createDatabase(t)
  const url = new URL(database.url)
  const proxy = await startDeafProxy(t, Number(url.port))
  url.port = String(proxy.port)
  const job = define()
  const { app } = await startService(t, { job, connection: url.href, processor: async () => ({ ok: true }) })
  const { submit, until } = service(app, '/jobs')
  await until((await submit({})).body.jobId, 'completed')
  const begin = performance.now()
  proxy.deafen()
  const { body: { jobId } } = await eventually(() => submit({}), ({ statusCode }) => statusCode === 202)
  await eventually(() => states(database.query, job.name), ({ completed = 0 }) => completed >= 2)
  t.comment(`after ${Math.round(performance.now() - begin)} ms`)
  t.ok(performance.now() - begin < 15_000, 'jobs are worked on again')
  await eventually(() => service(app, '/jobs').status(jobId), ({ body }) => body.status === 'completed')
  proxy.deafen()
  const closing = performance.now()
  await app.close()
  t.ok(performance.now() - closing < 6_000, `closed after ${Math.round(performance.now() - closing)} ms`)
}

t.test('connections that are dead without a word', deaf)
