import { canceledError } from '../job/ending.js'

/* Why attempts are stopped: the reasons of their signals. */

/** The worker closes. Its attempts are not failed: another worker runs their jobs. */
export const WORKER_CLOSING = new Error('The worker is closing')

/** The job has lost its lock. Another worker may run it by now. */
export const LOCK_LOST = new Error('The job lost its lock: another worker may run it')

/** The process of the worker has ended before its sandbox. */
export const WORKER_GONE = new Error('The process of the worker is gone')

/** The job was canceled. It is a `JobError`, so that processors recognize it. */
export const CANCELED = canceledError()

/** Whether an attempt was stopped because its job is not this worker's any more. */
export function isElsewhere (reason: unknown): boolean {
  return reason === CANCELED || reason === LOCK_LOST
}
