import t from 'tap'
import { isDeepStrictEqual } from 'node:util'
import { createContext } from '../../lib/worker/attempt-context.js'
import { defineJob, JobError, Type, type Job, type JobContext, type JobLogger } from '../../lib/index.js'
import type { Reporter } from '../../lib/worker/report.js'
import { onEachEngine, redisUrl, silent, uniqueName } from '../helpers/engines.js'
import { eventually, startService } from '../helpers/service.js'

const schemas = { input: Type.Object({}), output: Type.Object({ ok: Type.Boolean() }) }

t.test('the processor gets its input and what it needs to know', t => onEachEngine(t, async (t, { connection }) => {
  const job = defineJob({ ...schemas, name: uniqueName(), input: Type.Object({ text: Type.String() }), attempts: 5 })
  const seen: unknown[] = []
  const { submit, until } = await startService(t, {
    job,
    connection,
    processor: (input, { jobId, attempt, maxAttempts, signal }) => {
      seen.push({ input, jobId, attempt, maxAttempts, aborted: signal.aborted })
      return { ok: true }
    }
  })
  const { body: { jobId } } = await submit({ text: 'hello' })
  await until(jobId, 'completed')
  t.strictSame(seen, [{ input: { text: 'hello' }, jobId, attempt: 1, maxAttempts: 5, aborted: false }])
}))

/** What processors do wrong; always the same neutral answer, or what they chose to say. */

t.test('progress', t => onEachEngine(t, async (t, { connection }) => {
  const job = defineJob({ ...schemas, name: uniqueName() })
  const reports: Array<[percent: number, message: string | undefined, seen: object]> = [
    [12.5, undefined, { progress: 12.5 }],
    [40, 'tokenising', { progress: 40, message: 'tokenising' }],
    [41, undefined, { progress: 41 }],
    [-3, 'below', { progress: 0, message: 'below' }],
    [250, 'above', { progress: 100, message: 'above' }],
    [NaN, '', { progress: 0, message: '' }],
    [50, 'x'.repeat(5_000), { progress: 50, message: 'x'.repeat(1_000) }]
  ]
  const views: object[] = []
  const { status, submit, until } = await startService(t, {
    job,
    connection,
    processor: async (_input, { progress, jobId }) => {
      for (const [percent, message, seen] of reports) {
        await progress(percent, message)
        // It is stored a little later.
        views.push(await eventually(async () => viewOf((await status(jobId)).body), view => isDeepStrictEqual(view, seen)))
      }
      return { ok: true }
    }
  })
  const { body: { jobId } } = await submit({})
  await until(jobId, 'completed')
  t.strictSame(views, reports.map(([,, seen]) => seen))
}))

function viewOf ({ progress, message }: Job): object {
  return { progress, ...(message !== undefined && { message }) }
}

function contextOf (log: JobLogger, reporter: Partial<Reporter> = {}, signal = new AbortController().signal): JobContext {
  const job = { id: 'x', name: 'a-job', attemptsMade: 1, opts: { attempts: 0 } }
  return createContext(job as never, { progress: async () => {}, write: async () => {}, ...reporter }, signal, log)
}

t.test('logs through a logger that has no child', async t => {
  const lines: unknown[] = []
  const at = (level: string) => (...line: unknown[]): void => { lines.push([level, ...line]) }
  const { log } = contextOf({ debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') })
  log.debug('text')
  log.error({ more: 1 }, 'fields')
  const fields = { job: 'a-job', jobId: 'x', attempt: 2 }
  t.strictSame(lines, [['debug', fields, 'text'], ['error', { ...fields, more: 1 }, 'fields']])
})

t.test('a job that others put there with no attempts has one', async t => {
  t.match(contextOf(silent), { attempt: 2, maxAttempts: 1 })
})

t.test('a refusal that nobody waits for cannot end the process', async t => {
  const refused = new JobError('OUTPUT_TOO_LARGE', 'Too much')
  const lines: unknown[] = []
  const { write } = contextOf({ ...silent, warn: (...line: unknown[]) => { lines.push(line) } }, { write: async () => { throw refused } })
  void write('a')
  await t.rejects(write('b'), refused, 'who waits is told')
  t.match(lines, [[{ err: refused }, 'A chunk of partial output was refused']])
  t.equal(lines.length, 1, 'one line tells of all')
})

t.test('an attempt that has ended tells nothing', async t => {
  const told: unknown[] = []
  const tell = async (what: unknown): Promise<void> => { told.push(what) }
  const { progress, write } = contextOf(silent, { progress: tell, write: tell }, AbortSignal.abort())
  await progress(1)
  await write('a')
  t.strictSame(told, [])
})

t.test('a report that is refused ends no process where nobody waits for it', async t => {
  const job = defineJob({ ...schemas, name: uniqueName() })
  const lines: string[] = []
  const { submit, until } = await startService(t, {
    job,
    connection: redisUrl(),
    processor: async (_input, { progress }) => {
      void progress(5, 5 as never)
      return { ok: true }
    }
  }, { logger: { level: 'warn', stream: { write: line => { lines.push(line) } } } })
  await until((await submit({})).body.jobId, 'completed')
  t.match(lines.join(''), 'A report of progress was refused')
})
