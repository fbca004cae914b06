import type { JobLogger } from '../../types/processor.js'

/** How far the clock of a process may be from the store's, in ms: the answer may have taken a second. */
const TOLERANCE = 5_000

/**
 * Tells of a wrong clock, once. What we time goes by the store's clock; BullMQ's workers time delays,
 * retries and when a job ended by that of their process.
 * @returns is to be called with the store's time as soon as that is known
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
