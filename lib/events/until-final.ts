import type { JobEvents } from './job-events.js'
import type { Found } from '../queue/job-queue.js'
import { isFinal, statusOf } from '../job/state.js'
import type { StoredJob } from '../job/stored-job.js'
import { startTimer } from '../base/timer.js'

/** How long to wait for a job. */
export interface Wait {
  /** ms. */
  timeout: number
  /** Ends the wait. */
  signal: AbortSignal
}

/** The wait of one who follows each change. */
export interface WaitFor<Seen> extends Wait {
  /** Whether the wait is over with what is there now, final or not. Left out: only with a final job. */
  isNews?: ((now: Seen) => boolean) | undefined
}

/**
 * The job as soon as it is final, gone or news; after the timeout, an abort, or when all is closed, as it is then.
 * @returns undefined where it was not read even once
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
