import type { Child } from 'bullmq'
import type { JobContext } from '../../types/processor.js'
import { toError, toFailure } from './sandbox-failure.js'
import type { ChildMessage, ParentMessage } from './sandbox-messages.js'

/** How long an aborted attempt may go on in its sandbox, in ms, before the sandbox is killed. */
export const ABORT_TIMEOUT = 2_000

/** One attempt in a sandbox: passes the input in, and everything else out. */
export function runInSandbox (child: Child, input: unknown, context: JobContext): Promise<unknown> {
  const { jobId, attempt, maxAttempts, signal } = context
  return new Promise((resolve, reject) => {
    let killer: NodeJS.Timeout | undefined
    let reason: string | undefined
    const settle = (finish: () => void): void => {
      clearTimeout(killer)
      signal.removeEventListener('abort', onAbort)
      child.off('message', onMessage)
      child.off('error', onError)
      child.off('exit', onExit)
      finish()
    }
    const onAbort = (): void => {
      tell(child, { type: 'abort', reason: toFailure(signal.reason) })
      killer = setTimeout(() => { void child.kill('SIGKILL') }, ABORT_TIMEOUT)
    }
    // A thread that has no memory left says so before it exits; the exit is what counts.
    const onError = (error: Error): void => { reason = error.message }
    const onExit = (code: number | null, killedBy: string | null): void => {
      settle(() => { reject(new Error(`The sandbox ended in the middle of the job: ${reason ?? `exit code ${code}, signal ${killedBy}`}`)) })
    }
    const onMessage = (message: ChildMessage): void => {
      switch (message.type) {
        case 'completed': return settle(() => { resolve(message.output) })
        case 'failed':
        case 'died': return settle(() => { reject(toError(message.failure)) })
        case 'log': return context.log[message.level](message.fields, message.message)
        case 'progress': return answer(message.call, context.progress(message.percent, message.message))
        case 'write': return answer(message.call, context.write(message.chunk))
      }
    }
    const answer = (call: number, done: Promise<void>): void => {
      done.then(
        () => { tell(child, { type: 'done', call }) },
        (error: unknown) => { tell(child, { type: 'done', call, error: toFailure(error) }) }
      )
    }
    child.on('message', onMessage)
    child.on('error', onError)
    child.on('exit', onExit)
    signal.addEventListener('abort', onAbort)
    tell(child, { type: 'run', input, jobId, attempt, maxAttempts })
  })
}

/** Says something to a sandbox. */
export function tell (child: Child, message: ParentMessage): void {
  // A sandbox that is gone says so by its exit.
  child.send(message).catch(() => {})
}
