import type { Job, JobLinks, JobStatus } from '../../types/job.js'
import { isCanceled, wasRunning } from './ending.js'
import { fromFailedReason, publicFailure } from './failure.js'
import type { StoredJob, StoredState } from './stored-job.js'

/** The life of a job: for each state of BullMQ, the status that clients see, and the states that may follow. */
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

/**
 * The status that clients see. BullMQ has no state for canceled jobs: they are failed jobs with a reason of their own.
 */
export function statusOf ({ state, failedReason }: StoredJob): JobStatus {
  return state === 'failed' && isCanceled(failedReason) ? 'canceled' : LIFE[state].status
}

/** What `toJob` needs beside the stored job. */
export interface ViewOptions {
  /** The time of this process, in ms since the epoch. */
  now: number
  /** undefined: the job has no routes. */
  links: JobLinks | undefined
  /** The bounds of `pollAfterMs`, in ms. */
  pollAfter: { min: number, max: number }
}

/**
 * Makes the Job that clients see of a stored job. This is the only function that does, and it names each field that
 * goes out.
 */
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
    // The type says that a Job has links. The cast covers the exception, which the app chose with `routes: false`.
  } as Job
}

/** When a final job expires, in ms since the epoch. undefined: it is not final, or is kept without a limit of time. */
export function expiresAt (stored: StoredJob): number | undefined {
  if (stored.finishedOn === undefined) return undefined
  const keep = stored.state === 'completed' ? stored.opts.removeOnComplete : stored.opts.removeOnFail
  const age = typeof keep === 'object' && keep !== null && 'age' in keep ? keep.age : undefined
  return typeof age === 'number' ? stored.finishedOn + age * 1000 : undefined
}

/**
 * By when a job must have begun, in ms since the epoch. The time of a delay does not count. undefined: the job has
 * begun or is final, or it may wait without a limit.
 */
export function startDeadline ({ timestamp, processedOn, finishedOn, opts: { startBy, delay = 0 } }: Pick<StoredJob, 'timestamp' | 'processedOn' | 'finishedOn' | 'opts'>): number | undefined {
  if (startBy === undefined || processedOn !== undefined || finishedOn !== undefined) return undefined
  return timestamp + delay + startBy * 1000
}

/** The number of the attempt that runs, else how many were made. BullMQ counts an attempt only when it has ended. */
function countAttempts ({ state, attemptsMade, processedOn }: StoredJob): number {
  if (state === 'active') return attemptsMade + 1
  // BullMQ does not count a first attempt that lost its worker, but it has begun.
  return Math.max(attemptsMade, processedOn === undefined ? 0 : 1)
}

/**
 * Reads stored progress. Workers of this package store a number or, with a message, an object. BullMQ allows any JSON,
 * so other workers may store anything.
 */
function toProgress (stored: unknown): { percent: number, message?: string } {
  if (typeof stored !== 'object' || stored === null) return { percent: clampPercent(stored) }
  const percent = 'percent' in stored ? clampPercent(stored.percent) : 0
  return 'message' in stored && typeof stored.message === 'string' ? { percent, message: stored.message } : { percent }
}

/** Turns any reported value into a percentage. A value that is no finite number becomes 0. */
export function clampPercent (value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? Math.min(Math.max(value, 0), 100) : 0
}

/**
 * How long to wait before the next poll, in ms: a tenth of the job's age, within bounds. So clients notice the end of a
 * short job soon, and ask rarely about a long job.
 */
function pollDelay (age: number, { min, max }: { min: number, max: number }): number {
  return Math.round(Math.min(Math.max(age / 10, min), max))
}

function withExpiry (time: number | undefined): { expiresAt?: string } {
  return time === undefined ? {} : { expiresAt: isoTime(time) }
}

/**
 * The last time that a Date can hold, in ms since the epoch. Its negative is the first. Others may have stored jobs
 * with a longer delay or retention.
 */
const LAST_MOMENT = 8.64e15

/** Formats a time for clients: ISO 8601, in UTC. A time that a Date cannot hold becomes the nearest one that it can. */
export function isoTime (ms: number): string {
  return new Date(Math.max(Math.min(ms, LAST_MOMENT), -LAST_MOMENT)).toISOString()
}
