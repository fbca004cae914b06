import type { Job } from '../../types/job.js'
import { RequestFailedError } from './errors.js'
import type { Answer } from './answer.js'

/** What the client knows of a job, learned from every answer; errors carry it. */
export interface Known {
  /** Absent until the submission is answered. */
  jobId?: string
  /** As it was seen last. */
  job?: Job
  /** When it makes sense to ask again, in ms since the epoch. */
  askAt: number
}

/** @throws `RequestFailedError` where the answer is no job: behind a wrong address may be anything */
export function learn (known: Known, { status, body, retryAfter }: Answer): Job {
  if (!isJob(body)) {
    throw new RequestFailedError('The answer is no job: is the base URL right?', status, known)
  }
  return noteJob(known, body, retryAfter)
}

/** @param retryAfter ms */
export function noteJob (known: Known, job: Job, retryAfter = 0): Job {
  known.jobId ??= job.jobId
  known.job = job
  known.askAt = Date.now() + waitBefore(job, retryAfter)
  return job
}

export function isFinal ({ status }: Job): boolean {
  return ['completed', 'failed', 'canceled'].includes(status)
}

/**
 * `pollAfterMs` is exact, where `Retry-After` holds the same time rounded up to whole seconds. One
 * that is longer than that comes from elsewhere, such as a rate limiter, and is obeyed.
 */
function waitBefore ({ pollAfterMs = 1_000 }: Job, retryAfter: number): number {
  return retryAfter > Math.ceil(pollAfterMs / 1_000) * 1_000 ? retryAfter : pollAfterMs
}

function isJob (body: unknown): body is Job {
  const { jobId, status } = (body ?? {}) as Partial<Job>
  return typeof jobId === 'string' && typeof status === 'string'
}
