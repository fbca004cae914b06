import type { JobContext } from '../../types/processor.js'
import { JobError } from '../base/errors.js'

/** Runs a processor, in this process or in a sandbox. Rejects with what the processor threw. */
export type Execute = (input: unknown, context: JobContext) => Promise<unknown>

/** Runs a processor, and closes what that needs. */
export interface Execution {
  /**
   * Call it before the first job. Rejects with `PROCESSOR_MODULE` if the processor is a module that cannot be loaded.
   */
  load (): Promise<void>
  execute: Execute
  close (): Promise<void>
}

/**
 * Runs a processor with a timeout. An attempt that must stop ends at once, even if the processor ignores its signal.
 * What the processor does after that has no effect.
 * @param timeout in ms; it aborts the controller with a JobError `TIMEOUT`
 * @throws the reason of the controller's signal if that aborts, or what `execute` throws
 */
export async function executeInTime (execute: () => Promise<unknown>, timeout: number, controller: AbortController): Promise<unknown> {
  const { signal } = controller
  signal.throwIfAborted()
  const stopped = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => { reject(signal.reason as Error) }, { once: true })
  })
  const timer = setTimeout(() => { controller.abort(timeoutError(timeout)) }, timeout)
  // An async function turns it into a rejection if the processor throws before it returns a promise.
  return await Promise.race([stopped, (async () => await execute())()])
    .finally(() => { clearTimeout(timer) })
}

function timeoutError (timeout: number): JobError {
  return new JobError('TIMEOUT', `An attempt ran longer than ${timeout} ms.`, { retryable: true })
}
