import { JobError } from '../base/errors.js'
import { fromFailedReason, toFailedReason } from './failure.js'

/*
 * How a job ends without its code: somebody cancels it, or no worker starts it in time. BullMQ has no state for either.
 * Both are failed jobs with a `failedReason` of their own.
 */

/** The `failedReason` with which a job ends. */
export interface EndReasons {
  /** For a job that does not run. */
  pending: string
  /** For a job that runs. Without it, the job goes on. */
  running?: string
}

const CANCELED = 'CANCELED'
const WAS_RUNNING = { running: true }

/**
 * The error with which the signal of a canceled job aborts. A processor may throw a JobError with the same code, for
 * example because nobody wants the output any more. Then its job counts as canceled.
 */
export function canceledError (data?: object): JobError {
  return new JobError(CANCELED, 'The job was canceled.', { data })
}

/** The error of a job that waited longer for its first attempt than its `startBy` allows. */
export function expiredError (): JobError {
  return new JobError('EXPIRED', 'The job was not started in time.')
}

/** Cancels a job, whether it runs or not. */
export const BY_CANCEL: EndReasons = {
  pending: toFailedReason(canceledError()),
  running: toFailedReason(canceledError(WAS_RUNNING))
}

/** Expires a job, unless an attempt has begun meanwhile. */
export const BY_EXPIRY: EndReasons = { pending: toFailedReason(expiredError()) }

/** Whether a stored `failedReason` says that the job was canceled. */
export function isCanceled (reason: string | undefined): boolean {
  return fromFailedReason(reason).code === CANCELED
}

/** Whether the `failedReason` of a canceled job says that the job was running when it was canceled. */
export function wasRunning (reason: string | undefined): boolean {
  const { data } = fromFailedReason(reason)
  return typeof data === 'object' && data !== null && 'running' in data
}
