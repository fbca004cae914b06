import type { Job } from '../../types/job.js'
import { RequestFailedError } from './errors.js'
import type { Answer } from './answer.js'

/** What the client knows of a job. Every answer about the job updates it, and errors carry it. */
export interface Known {
  /** Absent until the server has answered the submission. */
  jobId?: string
  /** The job as the client saw it last. */
  job?: Job
  /** When the client should ask again, in ms since the epoch. */
  askAt: number
}

/** The least time between two requests for a job's status, in ms, even if the server asks for less. */
export const LEAST = 250

/** The longest `pollAfterMs` that the client obeys, in ms. */
const MOST = 60_000

/**
 * Updates `known` from an answer, and returns the job in it.
 * @throws `RequestFailedError` if the answer is no job, for example because the base URL is wrong
 */
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

/** A text that differs if the job has changed. `pollAfterMs` does not count. */
export function viewOf (job: Job): string {
  return JSON.stringify({ ...job, pollAfterMs: undefined })
}

/** Whether a job is final. A status of a newer server that this client does not know is not. */
export function isFinal ({ status }: Job): boolean {
  return ['completed', 'failed', 'canceled'].includes(status)
}

/**
 * How long to wait before the next request, in ms. The server sends the same time twice: `pollAfterMs` is exact, and
 * `Retry-After` is rounded up to whole seconds. A longer `Retry-After` comes from elsewhere, such as a rate limiter,
 * and the client obeys it.
 */
function waitBefore ({ pollAfterMs }: Job, retryAfter: number): number {
  const asked = typeof pollAfterMs === 'number' ? pollAfterMs : 1_000
  return retryAfter > Math.ceil(asked / 1_000) * 1_000 ? retryAfter : Math.min(MOST, Math.max(LEAST, asked))
}
