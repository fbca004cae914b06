/** What a timer can hold, in ms; with more it would fire at once. */
export const LONGEST = 2 ** 31 - 1

/** A delay before something is tried again, a little shorter by chance: who failed together does not come again together. */
export function jitter (ms: number): number {
  return ms * (1 - Math.random() / 2)
}

/** A timer for any time: what is past is now, and after 24 days it fires early. */
export function startTimer (ms: number, callback: () => void): NodeJS.Timeout {
  return setTimeout(callback, Math.max(0, Math.min(ms, LONGEST)))
}
