import type { Worker } from 'bullmq'

export interface LockRenewal {
  worker: Pick<Worker, 'extendJobLocks'>
  /** How long a lock holds, in ms. It is renewed four times in that time. */
  lockDuration: number
  /** The jobs that run now, each with the token of its lock. */
  locks (): Array<[jobId: string, token: string]>
  /** Called when the lock of a job could not be renewed, because the job does not have it any more. */
  onLost (jobId: string): void
  /** Called when a renewal failed. */
  onError (error: Error): void
}

/**
 * Renews the locks of running jobs. BullMQ's own renewal goes by the time of day: if the clock is set back by an hour,
 * it renews nothing for that long.
 * @returns a function that stops the renewal
 */
export function keepLocks ({ worker, lockDuration, locks, onLost, onError }: LockRenewal): () => void {
  let renewing = false
  const renew = async (): Promise<void> => {
    const held = locks()
    // While the store is away, only one renewal waits for it.
    if (held.length === 0 || renewing) return
    renewing = true
    try {
      const lost = await worker.extendJobLocks(held.map(([jobId]) => jobId), held.map(([, token]) => token), lockDuration)
      for (const [jobId, token] of locks()) {
        // A job that came back meanwhile has another lock, and has lost nothing.
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
