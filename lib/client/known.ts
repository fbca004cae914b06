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

/** The least time between two looks at a job, in ms: whatever the server tells. */
export const LEAST = 250

/** The most that the server can ask for with `pollAfterMs`, in ms. */
const MOST = 60_000

/** @throws `RequestFailedError` where the answer is no job: behind a wrong address may be anything */
export function learn (known: Known, { status, body, retryAfter = 0 }: Pick<Answer, 'status' | 'body'> & Partial<Answer>): Job {
  const { jobId, status: state } = Object(body) as Partial<Job>
  if (typeof jobId !== 'string' || typeof state !== 'string') {
    throw new RequestFailedError('The answer is no job: is the base URL right?', { ...known, status, body })
  }
  const job = body as Job
  known.jobId ??= jobId
  known.job = job
  known.askAt = Date.now() + waitBefore(job, retryAfter)
  return job
}

/** What differs where a job has changed. When to ask again is no change. */
export function viewOf (job: Job): string {
  return JSON.stringify({ ...job, pollAfterMs: undefined })
}

/** A status that this client does not know, that of a newer server, is not final. */
export function isFinal ({ status }: Job): boolean {
  return ['completed', 'failed', 'canceled'].includes(status)
}

/**
 * `pollAfterMs` is exact, where `Retry-After` holds the same time rounded up to whole seconds. One
 * that is longer than that comes from elsewhere, such as a rate limiter, and is obeyed.
 */
function waitBefore ({ pollAfterMs }: Job, retryAfter: number): number {
  const asked = typeof pollAfterMs === 'number' ? pollAfterMs : 1_000
  return retryAfter > Math.ceil(asked / 1_000) * 1_000 ? retryAfter : Math.min(MOST, Math.max(LEAST, asked))
}
