import type { JobLogger } from '../../types/processor.js'

/** How far the clock of a process may differ from the store's, in ms. The store's answer may have taken a second. */
const TOLERANCE = 5_000

/**
 * Warns once when the clock of this process is wrong, and again only after it was right. This package measures times by
 * the store's clock. BullMQ's workers use the clock of their process for delays, for retries, and for the time at which
 * a job ended.
 * @returns call it with the time of the store as soon as you have it
 */
export function createClockCheck (job: string, log: Pick<JobLogger, 'warn'>): (storeTime: number) => void {
  let wrong = false
  return storeTime => {
    const ahead = Date.now() - storeTime
    const told = wrong
    wrong = Math.abs(ahead) > TOLERANCE
    if (wrong && !told) log.warn({ job, ahead }, 'The clock of this process is not that of the store (ahead, in ms): delays, retries and the retention of jobs will be too short or too long')
  }
}
