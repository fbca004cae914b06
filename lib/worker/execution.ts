import type { JobContext } from '../../types/processor.js'
import { JobError } from '../base/errors.js'

/** Runs a processor, wherever that is. Rejects with what the processor threw. */
export type Execute = (input: unknown, context: JobContext) => Promise<unknown>

/** How a processor is run, and how that is ended. */
export interface Execution {
  /** Before the first job: rejects with `PROCESSOR_MODULE` where the processor is a module that cannot be loaded. */
  load (): Promise<void>
  execute: Execute
  close (): Promise<void>
}

/**
 * Runs a processor against the clock. An attempt that must stop ends at once, also where the
 * processor does not listen to its signal: what it does later has no effect any more.
 */
export async function executeInTime (execute: () => Promise<unknown>, timeout: number, controller: AbortController): Promise<unknown> {
  const { signal } = controller
  signal.throwIfAborted()
  const stopped = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => { reject(signal.reason as Error) }, { once: true })
  })
  const timer = setTimeout(() => { controller.abort(timeoutError(timeout)) }, timeout)
  // In a function of its own, as a processor may throw before it returns a promise.
  return await Promise.race([stopped, (async () => await execute())()])
    .finally(() => { clearTimeout(timer) })
}

function timeoutError (timeout: number): JobError {
  return new JobError('TIMEOUT', `An attempt ran longer than ${timeout} ms.`, { retryable: true })
}
