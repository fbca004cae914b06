import { measureDrain } from './drain-rate.js'

/** Decides whether the queue takes another job, by what the store has said lately, so that no submission waits for it. */
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
  let waiting = 0
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
  const isFull = (): boolean => waiting + submitted - seen >= limit
  const isStale = (): boolean => performance.now() - countedAt >= COUNT_AGE

  return {
    async admit () {
      // By a fresh count alone: jobs that were submitted since may have been worked on since.
      if (isFull() && (waiting < limit || isStale())) await (counting ??= recount())
      if (isFull()) return drain.secondsToRoom(performance.now())
      submitted++
      // Goes along with the submission, for the next one. Where it fails, so does that.
      if (isStale()) (counting ??= recount()).catch(() => {})
      return undefined
    },

    settled () { stored++ }
  }
}
