import type { Worker } from 'bullmq'

export interface LockRenewal {
  worker: Pick<Worker, 'extendJobLocks'>
  /** ms. */
  lockDuration: number
  /** The jobs that run now, each with the token of its lock. */
  locks (): Array<[jobId: string, token: string]>
  onLost (jobId: string): void
  onError (error: Error): void
}

/**
 * Renews the locks of running jobs. BullMQ's own renewal goes by the time of day: where the clock is set
 * back by an hour, the jobs that run then would be without renewal for that long.
 * @returns stops it
 */
export function keepLocks ({ worker, lockDuration, locks, onLost, onError }: LockRenewal): () => void {
  let renewing = false
  const renew = async (): Promise<void> => {
    const held = locks()
    // While the store is away, one renewal waits for it.
    if (held.length === 0 || renewing) return
    renewing = true
    try {
      const lost = await worker.extendJobLocks(held.map(([jobId]) => jobId), held.map(([, token]) => token), lockDuration)
      for (const [jobId, token] of locks()) {
        // Not one that came back meanwhile, under another lock.
        if (lost.includes(jobId) && held.some(([id, its]) => id === jobId && its === token)) onLost(jobId)
      }
    } catch (error) {
      onError(error as Error)
    } finally {
      renewing = false
    }
  }
  const timer = setInterval(() => { void renew() }, lockDuration / 4)
  return () => { clearInterval(timer) }
}
