/** Measures how fast a full queue drains, and tells refused clients when to come again. */
export interface DrainRate {
  /**
   * Takes a count of the waiting jobs.
   * @param waiting how many jobs wait
   * @param stored how many jobs this process had submitted by then, since the beginning
   * @param at when they were counted, in ms, by any clock that does not jump
   */
  counted (waiting: number, stored: number, at: number): void
  /**
   * Assigns the next free place to the caller. Each call assigns a later one.
   * @param now by the same clock
   * @returns in how many seconds the place is free: a whole number, 1 to 60
   */
  secondsToRoom (now: number): number
}

/** The least time over which the rate is measured, in ms. */
const WINDOW = 1_000

/** The longest time that `secondsToRoom` returns, in ms. */
const LONGEST = 60_000

/** @param limit how many jobs may wait */
export function measureDrain (limit: number): DrainRate {
  let start: { waiting: number, stored: number, at: number } | undefined
  /** Jobs per ms. If several processes submit, it is the share of this one. */
  let rate: number | undefined
  /** When the place that was assigned last is free, in ms. */
  let told = 0

  return {
    counted (waiting, stored, at) {
      // Do not measure a queue that is nearly empty: it drains no faster than it is filled.
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
      // After limit / rate, a full queue has drained completely. So no place is assigned later than that, and a client
      // that asks again and again does not push the others back any further.
      const longest = Math.min(limit / rate, LONGEST)
      told = Math.min(Math.max(told, now) + 1 / rate, now + longest)
      return Math.max(1, Math.ceil((told - now) / 1_000))
    }
  }
}
