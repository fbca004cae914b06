import { onAbort, startTimer } from './sleep.js'

/**
 * Runs some work until its caller aborts or its time is over, and then rejects at once, also where
 * the work is busy with something that cannot be aborted. The signal that it hands on is new each
 * time: `AbortSignal.any` would do the same, but keeps some memory for as long as the caller's
 * signal lives, as does a `fetch` with it; and one signal may be there for a page's lifetime.
 * @param timeout in ms
 * @param timedOut makes what the work ends with when its time is over
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
