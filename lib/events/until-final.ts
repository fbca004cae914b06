import type { JobEvents } from './job-events.js'
import type { Found } from '../queue/job-queue.js'
import { isFinal, statusOf } from '../job/state.js'
import type { StoredJob } from '../job/stored-job.js'
import { startTimer } from '../base/timer.js'

/** How long to wait for a job. */
export interface Wait {
  /** In ms. */
  timeout: number
  /** Ends the wait. */
  signal: AbortSignal
}

/** A wait that may also end at a change. */
export interface WaitFor<Seen> extends Wait {
  /** Whether the current state of the job ends the wait. Default: only a final state does. */
  isNews?: ((now: Seen) => boolean) | undefined
}

/**
 * Waits for a job until it is final or gone, or `isNews` says so. After the timeout, an abort, or when all is closed,
 * it returns the job as it was read last.
 * @returns undefined if the job was not read even once
 * @throws `STORE_UNAVAILABLE` if the first read of the job fails
 */
export async function untilFinal (events: JobEvents, jobId: string, { timeout, signal, isNews }: WaitFor<StoredJob>): Promise<Found | undefined> {
  const end = new AbortController()
  const onAbort = (): void => { end.abort() }
  const timer = startTimer(timeout, onAbort)
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()
  let latest: Found | undefined
  try {
    for await (latest of events.follow(jobId, end.signal)) {
      if (latest.outcome !== 'found' || isFinal(statusOf(latest.stored)) || isNews?.(latest.stored)) break
    }
    return latest
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
  }
}
