/** The longest delay of a timer, in ms. A longer one would fire at once. */
const LONGEST = 2 ** 31 - 1

/**
 * Starts a timer for any delay in ms. A negative delay counts as 0. A delay over 24 days fires early, after 24 days.
 */
export function startTimer (ms: number, callback: () => void): ReturnType<typeof setTimeout> {
  return setTimeout(callback, Math.max(0, Math.min(ms, LONGEST)))
}

/** Calls `callback` when a signal aborts. Call the returned function to prevent that. */
export function onAbort (signal: AbortSignal | undefined, callback: () => void): () => void {
  signal?.addEventListener('abort', callback)
  return () => { signal?.removeEventListener('abort', callback) }
}

/** Waits. An abort rejects at once with the signal's reason, and leaves no timer behind. */
export function sleep (ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const timer = startTimer(ms, () => {
      stop()
      resolve()
    })
    const stop = onAbort(signal, () => {
      clearTimeout(timer)
      reject(signal.reason as Error)
    })
  })
}
