import type { IQueueBackend } from 'bullmq'

/**
 * Keeps a worker's backend from deleting jobs by age. BullMQ would apply the retention of the job that ends to all jobs
 * that ended before it, and a deployment may have lowered the retention. `keepRetention` deletes each job by its own
 * retention instead.
 */
export function keepOlderJobs (backend: Pick<IQueueBackend, 'moveToCompleted' | 'moveToFailed'>): void {
  const moveToCompleted = backend.moveToCompleted.bind(backend)
  const moveToFailed = backend.moveToFailed.bind(backend)
  backend.moveToCompleted = (job, output, remove, ...rest) => moveToCompleted(job, output, withoutAge(remove), ...rest)
  backend.moveToFailed = (job, reason, remove, ...rest) => moveToFailed(job, reason, withoutAge(remove), ...rest)
}

type Remove = Parameters<IQueueBackend['moveToCompleted']>[2]

/** `Object.fromEntries` does not keep the type; without `age`, the rest still is a `Remove`. */
function withoutAge (remove: Remove): Remove {
  return typeof remove === 'object' ? Object.fromEntries(Object.entries(remove).filter(([name]) => name !== 'age')) as Remove : remove
}
