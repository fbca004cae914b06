import { JobError } from '../base/errors.js'
import { fromFailedReason, toFailedReason } from './failure.js'

/* The ends that a job finds without its code: somebody canceled it, or nobody began it in time. BullMQ has no
 * state for either: they are failed jobs with a reason of their own. */

/** The `failedReason` for a job that does not run, and for one that does; without the latter, that one goes on. */
export interface EndReasons {
  pending: string
  running?: string
}

const CANCELED = 'CANCELED'
const WAS_RUNNING = { running: true }

/** Why the code of a canceled job is stopped. Processors throw it, too, that find that nobody wants their output any more. */
export function canceledError (data?: object): JobError {
  return new JobError(CANCELED, 'The job was canceled.', { data })
}

export function expiredError (): JobError {
  return new JobError('EXPIRED', 'The job was not started in time.')
}

/** Ends a job whatever it does. */
export const BY_CANCEL: EndReasons = {
  pending: toFailedReason(canceledError()),
  running: toFailedReason(canceledError(WAS_RUNNING))
}

/** Ends a job unless it was begun meanwhile. */
export const BY_EXPIRY: EndReasons = { pending: toFailedReason(expiredError()) }

/** Whether a stored `failedReason` says that the job was canceled. */
export function isCanceled (reason: string | undefined): boolean {
  return fromFailedReason(reason).code === CANCELED
}

/** Whether it says that the job was running then. */
export function wasRunning (reason: string | undefined): boolean {
  const { data } = fromFailedReason(reason)
  return typeof data === 'object' && data !== null && 'running' in data
}
