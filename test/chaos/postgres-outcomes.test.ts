import t, { type Test } from 'tap'
import { setTimeout } from 'node:timers/promises'
import { createWorker, defineJob, Type, type JobContext, type JobLogger } from '../../lib/index.js'
import { silent, uniqueName } from '../helpers/engines.js'
import { createDatabase, type PostgresDatabase } from '../helpers/postgres-database.js'
import { eventually, startService } from '../helpers/service.js'

t.setTimeout(240_000)

/** How long after the fault all jobs must be done, in ms: with what a machine takes that is busy, but not as long as a lock. */
const PATIENCE = 15_000

/** What happens to the database while jobs run. */
interface Fault {
  /** Before the service is there. */
  before? (database: PostgresDatabase): Promise<void>
  /** Goes on until the signal aborts. */
  happen (database: PostgresDatabase, signal: AbortSignal): Promise<void>
}

/** Runs so many jobs that may run but once through a fault. Each must be done, and none twice. */
async function runThrough (t: Test, jobs: number, processor: (context: JobContext) => Promise<void>, { before, happen }: Fault): Promise<void> {
  const database = await createDatabase(t)
  await before?.(database)
  const job = defineJob({ name: uniqueName(), input: Type.Object({}), output: Type.Object({ ok: Type.Boolean() }), attempts: 1 })
  const { app } = await startService(t, { job, connection: database.url })
  for (let n = 0; n < jobs; n++) await app.jobs(job).submit({})

  const runs: string[] = []
  const lines: string[] = []
  const note = (fields: object | string, message?: string): void => { lines.push(`${message} (${(fields as { err?: Error }).err?.message})`) }
  const log: JobLogger = { ...silent, info: note, warn: note, error: note }
  const worker = createWorker(job, async (_input, context) => {
    runs.push(context.jobId)
    await processor(context)
    return { ok: true }
  }, { connection: database.url, concurrency: 5, log })
  t.teardown(() => worker.close())
  await worker.ready()

  const ended = new AbortController()
  const happening = happen(database, ended.signal)
  const begin = performance.now()
  const count = async (): Promise<Record<string, number>> => {
    await setTimeout(50)
    const rows = await database.query<{ state: string, jobs: number }>('SELECT state::text, count(*)::int AS jobs FROM bullmq.job WHERE queue = $1 GROUP BY state', [job.name])
    return Object.fromEntries(rows.map(({ state, jobs }) => [state, jobs]))
  }
  const states = await eventually(count, ({ completed = 0, failed = 0 }) => completed + failed === jobs || performance.now() > begin + PATIENCE)
  t.comment(`${jobs} jobs in ${Math.round(performance.now() - begin)} ms; ${lines.length} lines`, lines.slice(0, 10))
  ended.abort()
  await happening
  t.strictSame(states, { completed: jobs }, 'each is completed')
  t.equal(runs.length, new Set(runs).size, 'each ran once')
  t.ok(lines.length <= 8, `few lines: ${lines.length}`)
}

const breaking = (interval: number): Fault => ({
  async happen ({ endConnections }, signal) {
    while (!signal.aborted) {
      await endConnections()
      await setTimeout(interval)
    }
  }
})

const ends = async (): Promise<void> => { await setTimeout(60) }

t.test('connections that are ended every 150 ms, as jobs end', t => runThrough(t, 150, ends, breaking(150)))

t.test('connections that are ended every 200 ms, while jobs tell', t => runThrough(t, 60, async ({ progress }) => {
  for (let n = 0; n < 20; n++) {
    await progress(n)
    await setTimeout(7)
  }
}, breaking(200)))

t.test('a PostgreSQL with too many connections', t => runThrough(t, 40, ends, {
  async happen ({ alter, endConnections }) {
    await alter('CONNECTION LIMIT 0')
    await endConnections()
    await setTimeout(2_500)
    await alter('CONNECTION LIMIT -1')
  }
}))

t.test('transactions that cannot be serialized', t => runThrough(t, 100, ends, {
  before: ({ alter }) => alter('SET default_transaction_isolation TO serializable'),
  async happen () {}
}))
