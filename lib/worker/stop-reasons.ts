import { canceledError } from '../job/ending.js'

/* Why attempts are stopped that would go on: the reasons of their signals. */

/** The reason with which attempts are stopped when their worker must close: they are not failed, but left to another worker. */
export const WORKER_CLOSING = new Error('The worker is closing')

/** The reason with which attempts are stopped whose job another worker may run by now. */
export const LOCK_LOST = new Error('The job lost its lock: another worker may run it')

/** The reason with which attempts are stopped whose sandbox has outlived its worker. */
export const WORKER_GONE = new Error('The process of the worker is gone')

/** The reason with which attempts are stopped whose job was canceled: a `JobError`, by which processors know it. */
export const CANCELED = canceledError()

/** Whether an attempt was stopped because its job is not this worker's any more. */
export function isElsewhere (reason: unknown): boolean {
  return reason === CANCELED || reason === LOCK_LOST
}
