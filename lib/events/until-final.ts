import type { JobEvents } from './job-events.js'
import type { Found } from '../job-queue.js'
import { isFinal, statusOf } from '../job-state.js'
import { startTimer } from '../timer.js'

/** How long to wait for a job. */
export interface Wait {
  /** ms. */
  timeout: number
  /** Ends the wait. */
  signal: AbortSignal
}

/**
 * The job as soon as it is final or gone; after the timeout, an abort, or when all is closed, as it is then.
 * @returns undefined where it was not read even once
 */
export async function untilFinal (events: JobEvents, jobId: string, { timeout, signal }: Wait): Promise<Found | undefined> {
  const end = new AbortController()
  const onAbort = (): void => { end.abort() }
  const timer = startTimer(timeout, onAbort)
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()
  let latest: Found | undefined
  try {
    for await (latest of events.follow(jobId, end.signal)) {
      if (latest.outcome !== 'found' || isFinal(statusOf(latest.stored))) break
    }
    return latest
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
  }
}
