import { measureDrain } from './drain-rate.js'

/**
 * Decides whether the queue takes another job. It works from the store's latest count of waiting jobs. While there is
 * room, hardly any submission has to wait for a new count.
 */
export interface Backlog {
  /**
   * Admits a submission or refuses it. The caller of an admitted submission must call `settled` when the store has
   * answered.
   * @returns undefined if it is admitted, else in how many seconds there may be room
   * @throws `STORE_UNAVAILABLE`
   */
  admit (): Promise<number | undefined>
  settled (): void
}

/** How long a count of the waiting jobs may be used, in ms. */
const COUNT_AGE = 50

/**
 * @param limit how many jobs may wait
 * @param count asks the store how many jobs wait
 */
export function openBacklog (limit: number, count: () => Promise<number>): Backlog {
  const drain = measureDrain(limit)
  /** The latest count. Before the first one, the queue counts as full. */
  let waiting = limit
  let countedAt = -Infinity
  let counting: Promise<void> | undefined
  /** How many submissions were admitted, since the beginning. */
  let submitted = 0
  /** How many of them are settled. */
  let stored = 0
  /**
   * How many submissions the latest count certainly includes. It may include others, which then count twice until the
   * next count.
   */
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

  /** Whether the next decision needs a new count first. */
  const mustCount = (): boolean => {
    // A recent count. If it alone does not fill the queue, refuse nobody: workers may have taken some of the jobs that
    // were submitted since.
    if (!isStale()) return isFull() && waiting < limit
    // An old count. Other processes may have submitted jobs since. If it leaves much room, admit one submission, which
    // starts a new count. Submissions that arrive meanwhile wait for that count.
    return known() >= limit / 2 || counting !== undefined
  }

  return {
    async admit () {
      if (mustCount()) await (counting ??= recount())
      if (isFull()) return drain.secondsToRoom(performance.now())
      submitted++
      // Nobody waits for this count, so nobody needs its error. If the store is away, the submission fails as well.
      if (isStale()) (counting ??= recount()).catch(() => {})
      return undefined
    },

    settled () { stored++ }
  }
}
