import { onAbort, startTimer } from './sleep.js'

/**
 * Runs work with a time limit. Rejects at once when the caller's signal aborts or the time is over, even if the work is
 * busy with something that cannot be aborted.
 *
 * The work gets a new signal. `AbortSignal.any` would make one too, but keeps some memory for as long as the caller's
 * signal lives. So does a `fetch` with the caller's signal. That signal may live as long as a page.
 * @param timeout in ms. Default: no limit
 * @param timedOut makes the error for when the time is over
 */
export async function within<Value> (
  signal: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<Value>, timeout?: number, timedOut?: () => Error
): Promise<Value> {
  signal?.throwIfAborted()
  const controller = new AbortController()
  const stop = onAbort(signal, () => { controller.abort(signal?.reason) })
  const timer = timeout === undefined ? undefined : startTimer(timeout, () => { controller.abort(timedOut?.()) })
  try {
    return await new Promise((resolve, reject) => {
      onAbort(controller.signal, () => { reject(controller.signal.reason as Error) })
      work(controller.signal).then(resolve, reject)
    })
  } finally {
    clearTimeout(timer)
    stop()
  }
}
