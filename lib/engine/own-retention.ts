import type { IQueueBackend } from 'bullmq'

/**
 * Has a worker's backend delete no job by its age but as each job says itself (`keepRetention` does that): BullMQ
 * would go by the job that ends, also for all that ended before, and a deployment may have lowered the retention.
 */
export function keepOlderJobs (backend: Pick<IQueueBackend, 'moveToCompleted' | 'moveToFailed'>): void {
  const moveToCompleted = backend.moveToCompleted.bind(backend)
  const moveToFailed = backend.moveToFailed.bind(backend)
  backend.moveToCompleted = (job, output, remove, ...rest) => moveToCompleted(job, output, withoutAge(remove), ...rest)
  backend.moveToFailed = (job, reason, remove, ...rest) => moveToFailed(job, reason, withoutAge(remove), ...rest)
}

type Remove = Parameters<IQueueBackend['moveToCompleted']>[2]

function withoutAge (remove: Remove): Remove {
  return typeof remove === 'object' ? Object.fromEntries(Object.entries(remove).filter(([name]) => name !== 'age')) as Remove : remove
}
