import { measureDrain } from './drain-rate.js'

/** Decides whether the queue takes another job, by what the store has said lately: as long as there is room, hardly any submission waits for it. */
export interface Backlog {
  /**
   * Counts a submission in, or refuses it. Whoever was let in calls `settled` when the store has answered.
   * @returns undefined, or in how many seconds there may be room
   * @throws `STORE_UNAVAILABLE`
   */
  admit (): Promise<number | undefined>
  settled (): void
}

/** How long a count of the waiting jobs is good for, in ms. */
const COUNT_AGE = 50

/**
 * @param limit how many jobs may wait
 * @param count asks the store how many do
 */
export function openBacklog (limit: number, count: () => Promise<number>): Backlog {
  const drain = measureDrain(limit)
  /** Before the first count, as many as may. */
  let waiting = limit
  let countedAt = -Infinity
  let counting: Promise<void> | undefined
  let submitted = 0
  let stored = 0
  /** How many submissions the latest count has surely seen. Others it may have seen, and they count twice until the next. */
  let seen = 0

  const recount = async (): Promise<void> => {
    const settledBefore = stored
    const at = performance.now()
    try {
      waiting = await count()
      seen = settledBefore
      countedAt = at
      drain.counted(waiting, seen, at)
    } finally {
      counting = undefined
    }
  }
  const known = (): number => waiting + submitted - seen
  const isFull = (): boolean => known() >= limit
  const isStale = (): boolean => performance.now() - countedAt >= COUNT_AGE

  /** Whether what is known does not do to decide. */
  const mustCount = (): boolean => {
    // Jobs that were submitted since the count may have been worked on since: nobody is refused by that.
    if (!isStale()) return isFull() && waiting < limit
    // Others may have submitted since. By an old count that leaves much room, one is let in, and brings a new one along
    // for whoever comes in the same moment.
    return known() >= limit / 2 || counting !== undefined
  }

  return {
    async admit () {
      if (mustCount()) await (counting ??= recount())
      if (isFull()) return drain.secondsToRoom(performance.now())
      submitted++
      // Nobody waits for this one. Where it fails, so does the submission.
      if (isStale()) (counting ??= recount()).catch(() => {})
      return undefined
    },

    settled () { stored++ }
  }
}
