import type { Test } from 'tap'
import { defineJob, Type } from '../../lib/index.js'
import type { Task } from '../fixtures/faults/dying-processor.js'
import { redisUrl, uniqueName } from './engines.js'
import { eventually, startService } from './service.js'
import { startWorkProcess } from './work-process.js'

/* What processors do to the sandbox that they run in. The worker must not notice it otherwise than by a failed attempt. */

const schemas = { input: Type.Object({ do: Type.String() }), output: Type.Object({ by: Type.String() }) }

interface Death {
  does: Task['do']
  /** What the log tells. */
  says: RegExp
  /** A thread would take the worker along. */
  only?: 'process'
}

const DEATHS: Death[] = [
  { does: 'exit 0', says: /^The sandbox ended in the middle of the job: exit code 0, signal null$/ },
  { does: 'exit 1', says: /^The sandbox ended in the middle of the job: exit code 1, signal null$/ },
  { does: 'run out of memory', says: /^The sandbox ended in the middle of the job: (?:Worker terminated due to reaching memory limit|exit code null, signal SIGABRT)/ },
  { does: 'throw outside', says: /^outside its promise$/ },
  { does: 'reject unheard', says: /^unheard$/ },
  { does: 'be killed', says: /^The sandbox ended in the middle of the job: exit code null, signal SIGKILL$/, only: 'process' },
  { does: 'abort', says: /^The sandbox ended in the middle of the job: exit code null, signal SIGABRT$/, only: 'process' }
]

/** Lets processors end their sandboxes in every way. */
export async function testSandboxDeaths (t: Test, sandbox: 'thread' | 'process'): Promise<void> {
  const job = defineJob({ ...schemas, name: uniqueName(), attempts: 2, backoff: { type: 'fixed', delay: 1 } })
  const { submit, until, result } = await startService(t, { job, connection: redisUrl() })
  // Little memory, so that it runs out soon.
  const worker = await startWorkProcess(t, { name: job.name, by: sandbox, sandbox }, { execArgv: ['--max-old-space-size=96'] })
  const run = async (does: Task['do']): Promise<string> => {
    const { body: { jobId } } = await submit({ do: does })
    await until(jobId, 'completed')
    return (await result<{ by: string }>(jobId)).body.by
  }

  for (const { does, says, only = sandbox } of DEATHS) {
    if (only !== sandbox) continue
    await t.test(`that is to ${does}`, async t => {
      worker.lines.length = 0
      const { body: { jobId } } = await submit({ do: does })
      t.match(await until(jobId, 'failed'), { attempt: 2, error: { code: 'PROCESSOR_ERROR', message: 'The job failed for an internal reason.' } })
      await run('return')
      t.match(worker.lines, [['warn', 'The attempt failed', says], ['warn', 'The attempt failed', says]])
      t.equal(worker.lines.length, 2, 'nothing is told twice')
      await eventually(async () => worker.sandboxes, count => count === 1)
    })
  }

  for (const does of ['close stdout', 'flood stdout'] as const) {
    await t.test(`that is to ${does}`, async t => {
      worker.lines.length = 0
      t.equal(await run(does), await run('return'), 'goes on')
      t.strictSame(worker.lines, [])
    })
  }

  await t.test('that dies when it has nothing to do', async t => {
    worker.lines.length = 0
    await run('throw when it has returned')
    await eventually(async () => worker.sandboxes, count => count === 0)
    await run('return')
    t.strictSame(worker.lines, [], 'harms no job')
  })

  await worker.close()
  t.equal(await worker.ended, 0, 'nothing keeps the worker alive')
}
