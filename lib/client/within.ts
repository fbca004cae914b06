import { startTimer } from './sleep.js'

export interface Limits {
  signal?: AbortSignal | undefined
  /** ms. */
  timeout?: number | undefined
  /** What the work ends with when its time is over. */
  timedOut?: () => Error
}

/**
 * Runs some work until its caller aborts or its time is over, and then rejects at once, also where
 * the work is busy with something that cannot be aborted. The signal that it hands on is new each
 * time: `AbortSignal.any` would do the same, but keeps some memory for as long as the caller's
 * signal lives, as does a `fetch` with it; and one signal may be there for a page's lifetime.
 */
export async function within<Value> (
  { signal, timeout, timedOut }: Limits, work: (signal: AbortSignal) => Promise<Value>
): Promise<Value> {
  signal?.throwIfAborted()
  const controller = new AbortController()
  const aborted = new Promise<never>((_resolve, reject) => {
    controller.signal.addEventListener('abort', () => { reject(controller.signal.reason as Error) })
  })
  const forward = (): void => { controller.abort(signal?.reason) }
  signal?.addEventListener('abort', forward)
  const timer = timeout === undefined ? undefined : startTimer(timeout, () => { controller.abort(timedOut?.()) })
  try {
    return await Promise.race([work(controller.signal), aborted])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', forward)
  }
}
