import type { Job, JobLinks, JobStatus } from '../../types/job.js'
import { isCanceled, wasRunning } from './ending.js'
import { fromFailedReason, publicFailure } from './failure.js'
import type { StoredJob, StoredState } from './stored-job.js'

/** What clients are told for each state that BullMQ keeps a job in, and where it can go from there. */
export const LIFE = {
  waiting: { status: 'pending', next: ['active', 'failed'] },
  delayed: { status: 'pending', next: ['waiting', 'active', 'failed'] },
  active: { status: 'in_progress', next: ['completed', 'failed', 'delayed', 'waiting'] },
  completed: { status: 'completed', next: [] },
  failed: { status: 'failed', next: [] }
} as const satisfies Record<StoredState, { status: JobStatus, next: readonly StoredState[] }>

/** Whether a job in this status never changes again. */
export function isFinal (status: JobStatus): boolean {
  return status !== 'pending' && status !== 'in_progress'
}

/** BullMQ has no state for canceled jobs: they are failed ones with a reason of their own. */
export function statusOf ({ state, failedReason }: StoredJob): JobStatus {
  return state === 'failed' && isCanceled(failedReason) ? 'canceled' : LIFE[state].status
}

/** What the view of a job depends on beside the job. */
export interface ViewOptions {
  now: number
  /** undefined: there are no routes that they could lead to. */
  links: JobLinks | undefined
  pollAfter: { min: number, max: number }
}

/** The one place where what is stored becomes what goes out, field by field. */
export function toJob (jobId: string, stored: StoredJob, { now, links, pollAfter }: ViewOptions): Job {
  const status = statusOf(stored)
  const final = isFinal(status)
  const progress = toProgress(stored.progress)
  return {
    jobId,
    status,
    progress: status === 'completed' ? 100 : progress.percent,
    ...(progress.message !== undefined && { message: progress.message }),
    attempt: countAttempts(stored),
    maxAttempts: Math.max(stored.opts.attempts ?? 1, 1),
    cancelRequested: status === 'canceled' && wasRunning(stored.failedReason),
    createdAt: isoTime(stored.timestamp),
    ...(stored.processedOn !== undefined && { startedAt: isoTime(stored.processedOn) }),
    ...(stored.delayedUntil !== undefined && { nextAttemptAt: isoTime(stored.delayedUntil) }),
    ...(stored.finishedOn !== undefined && { finishedAt: isoTime(stored.finishedOn) }),
    ...withExpiry(expiresAt(stored)),
    ...(status === 'failed' && { error: publicFailure(fromFailedReason(stored.failedReason)) }),
    ...(!final && { pollAfterMs: pollDelay(now - stored.timestamp, pollAfter) }),
    ...(links !== undefined && { links })
    // Who turned off the routes knows: all others have links.
  } as Job
}

/** When a final job expires, in ms since the epoch; undefined where it is kept without limit of time. */
export function expiresAt (stored: StoredJob): number | undefined {
  if (stored.finishedOn === undefined) return undefined
  const keep = stored.state === 'completed' ? stored.opts.removeOnComplete : stored.opts.removeOnFail
  const age = typeof keep === 'object' && keep !== null && 'age' in keep ? keep.age : undefined
  return typeof age === 'number' ? stored.finishedOn + age * 1000 : undefined
}

/**
 * By when a job must have begun, in ms since the epoch; undefined where it has, or may wait as long as it takes.
 * A delay is no wait.
 */
export function startDeadline ({ timestamp, processedOn, finishedOn, opts: { startBy, delay = 0 } }: Pick<StoredJob, 'timestamp' | 'processedOn' | 'finishedOn' | 'opts'>): number | undefined {
  if (startBy === undefined || processedOn !== undefined || finishedOn !== undefined) return undefined
  return timestamp + delay + startBy * 1000
}

/** The attempt that runs, or how many were made: BullMQ counts one only when it has ended. */
function countAttempts ({ state, attemptsMade, processedOn }: StoredJob): number {
  if (state === 'active') return attemptsMade + 1
  // One that lost its worker was begun, though it is not counted.
  return Math.max(attemptsMade, processedOn === undefined ? 0 : 1)
}

/** BullMQ lets progress be any JSON: ours is a number, or with a message an object; other workers may store what they like. */
function toProgress (stored: unknown): { percent: number, message?: string } {
  if (typeof stored !== 'object' || stored === null) return { percent: clampPercent(stored) }
  const percent = 'percent' in stored ? clampPercent(stored.percent) : 0
  return 'message' in stored && typeof stored.message === 'string' ? { percent, message: stored.message } : { percent }
}

/** A percentage from whatever was reported. */
export function clampPercent (value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? Math.min(Math.max(value, 0), 100) : 0
}

/** A tenth of the job's age: a short job is noticed soon, a long one is not asked about all the time. */
function pollDelay (age: number, { min, max }: { min: number, max: number }): number {
  return Math.round(Math.min(Math.max(age / 10, min), max))
}

function withExpiry (time: number | undefined): { expiresAt?: string } {
  return time === undefined ? {} : { expiresAt: isoTime(time) }
}

/** The last moment that a Date can hold, and with a minus the first: others may have jobs kept or delayed for longer. */
const LAST_MOMENT = 8.64e15

/** A time as clients see it. */
export function isoTime (ms: number): string {
  return new Date(Math.max(Math.min(ms, LAST_MOMENT), -LAST_MOMENT)).toISOString()
}
