/** What a timer can hold, in ms; with more it would fire at once. */
const LONGEST = 2 ** 31 - 1

/** A timer for any time: what is past is now, and after 24 days it fires early. */
export function startTimer (ms: number, callback: () => void): ReturnType<typeof setTimeout> {
  return setTimeout(callback, Math.max(0, Math.min(ms, LONGEST)))
}

/** Calls back when a signal aborts, unless the returned function is called before. */
export function onAbort (signal: AbortSignal | undefined, callback: () => void): () => void {
  signal?.addEventListener('abort', callback)
  return () => { signal?.removeEventListener('abort', callback) }
}

/** Waits; an abort ends that at once, and leaves no timer behind. */
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
