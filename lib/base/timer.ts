/** The longest delay of a timer of Node.js, in ms. A longer one would fire at once. */
export const LONGEST = 2 ** 31 - 1

/**
 * Shortens a delay before a repetition at random, by up to a half. So clients that failed at the same time do not all
 * come back at the same time.
 */
export function jitter (ms: number): number {
  return ms * (1 - Math.random() / 2)
}

/**
 * Starts a timer for any delay in ms. A negative delay counts as 0. A delay over 24 days fires early, after 24 days.
 */
export function startTimer (ms: number, callback: () => void): NodeJS.Timeout {
  return setTimeout(callback, Math.max(0, Math.min(ms, LONGEST)))
}

/** Waits for `ms` ms, or until the signal aborts. */
export function pause (ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const go = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', go)
      resolve()
    }
    const timer = setTimeout(go, ms)
    signal.addEventListener('abort', go)
  })
}
