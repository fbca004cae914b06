import type { JobContext } from '../../../types/processor.js'
import { JobError } from '../../base/errors.js'
import { readPlain, toError } from '../../base/thrown.js'
import { toFields } from '../log-fields.js'
import type { Child } from './child.js'
import { ABORT_TIMEOUT, type LogLine, type Refusals } from './messages.js'

/**
 * Runs one attempt in a sandbox: passes the input in, and the output, the reports and the log out.
 * @throws what the processor threw; an Error if the sandbox ended; JobError `INPUT_INVALID` if the input is nested too
 * deeply
 */
export async function runInSandbox (child: Child, input: unknown, context: JobContext): Promise<unknown> {
  const { jobId, attempt, maxAttempts, signal } = context
  let killer: NodeJS.Timeout | undefined
  const onAbort = (): void => {
    child.send({ type: 'abort', reason: readPlain(signal.reason) })
    killer = setTimeout(() => { void child.kill() }, ABORT_TIMEOUT)
  }
  const answer = (id: number, done: Array<Promise<void>>): void => {
    void refusalsOf(done).then(refusals => { child.send({ type: 'done', id, refusals }) })
  }
  try {
    return await new Promise((resolve, reject) => {
      child.listener = {
        onMessage (message) {
          switch (message.type) {
            case 'completed': return resolve(message.output)
            case 'failed':
            case 'died': return reject(toError(message.failure))
            case 'progress': return answer(message.id, [context.progress(message.percent, message.message)])
            case 'write': return answer(message.id, message.chunks.map(chunk => context.write(chunk)))
            case 'log':
              for (const line of message.lines) log(context, line)
              return answer(message.id, [])
          }
        },
        onEnd: ({ reason, code, signal }) => { reject(new Error(`The sandbox ended in the middle of the job: ${reason ?? `exit code ${code}, signal ${signal}`}`)) }
      }
      signal.addEventListener('abort', onAbort)
      try {
        child.send({ type: 'run', input, jobId, attempt, maxAttempts })
      } catch (cause) {
        throw new JobError('INPUT_INVALID', 'The input of the job is nested too deeply.', { cause })
      }
    })
  } finally {
    child.listener = undefined
    clearTimeout(killer)
    signal.removeEventListener('abort', onAbort)
  }
}

function log ({ log }: JobContext, { level, message, ...line }: LogLine): void {
  log[level](toFields(line), message)
}

/** Waits until all is done or refused, and returns the refusals. */
async function refusalsOf (done: Array<Promise<void>>): Promise<Refusals> {
  const refusals: Refusals = {}
  // The cast allows to read `reason` beside `status`. It is there only if `status` says so.
  for (const [index, { status, reason }] of (await Promise.allSettled(done) as PromiseRejectedResult[]).entries()) {
    if (status === 'rejected') refusals[index] = readPlain(reason)
  }
  return refusals
}
