/** Measures how fast a queue that is full makes room, and tells those who are refused when to come again. */
export interface DrainRate {
  /**
   * @param waiting how many jobs wait
   * @param stored how many were submitted here until then, since the beginning
   * @param at ms, by whatever clock
   */
  counted (waiting: number, stored: number, at: number): void
  /** For each who asks, the next place: whole seconds, 1 to 60. By the same clock. */
  secondsToRoom (now: number): number
}

/** Over how long the rate is measured at least, in ms. */
const WINDOW = 1_000

/** The longest time that anybody is told, in ms. */
const LONGEST = 60_000

/** @param limit how many jobs may wait */
export function measureDrain (limit: number): DrainRate {
  let start: { waiting: number, stored: number, at: number } | undefined
  /** Jobs for each ms. With several processes that submit, this one's share. */
  let rate: number | undefined
  /** When the place is free that was told last. */
  let told = 0

  return {
    counted (waiting, stored, at) {
      // A queue that is nearly empty drains no faster than it is filled.
      if (waiting < limit / 2) {
        start = undefined
        return
      }
      start ??= { waiting, stored, at }
      const elapsed = at - start.at
      if (elapsed < WINDOW) return
      const measured = Math.max(start.waiting + stored - start.stored - waiting, 0) / elapsed
      rate = rate === undefined ? measured : (rate + measured) / 2
      start = { waiting, stored, at }
    },

    secondsToRoom (now) {
      if (rate === undefined) return 1
      // By then a full queue has drained: whoever asks time and again moves the others no further.
      const longest = Math.min(limit / rate, LONGEST)
      told = Math.min(Math.max(told, now) + 1 / rate, now + longest)
      return Math.max(1, Math.ceil((told - now) / 1_000))
    }
  }
}
