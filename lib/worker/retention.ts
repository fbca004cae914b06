import type { JobDefinition } from '../../types/definition.js'
import type { JobLogger } from '../../types/processor.js'
import { createClockCheck } from './clock-check.js'
import type { Engine } from '../engine/engine.js'
import { withoutCommand } from '../base/errors.js'

/** The longest time between two searches for expired jobs, in ms. */
const LONGEST_INTERVAL = 60_000

/**
 * How long events are kept at least, in ms. Events of completed jobs hold the whole output, even after the job was
 * deleted.
 */
const EVENT_AGE = 300_000

/**
 * Deletes old events, and jobs whose retention has passed, on a timer. Each job goes by its own retention, which its
 * client was told. A definition's retention is for jobs that are submitted from now on. BullMQ by itself deletes jobs
 * only when another job finishes, and by the retention of that job.
 * @returns a function that stops the timer
 */
export function keepRetention (engine: Engine, definition: JobDefinition, log: JobLogger): () => void {
  const { completed, failed } = definition.retention
  const checkClock = createClockCheck(definition.name, log)
  const clean = async (): Promise<void> => {
    if (!engine.available) return
    const backend = engine.openQueue(definition.name).getBackend()
    checkClock(await engine.now())
    for (const [state, age] of [['completed', completed], ['failed', failed]] as const) {
      for (;;) {
        const expired = await engine.findExpired(definition.name, state, age * 1_000)
        const removed = await Promise.all(expired.map(jobId => backend.remove(jobId, false)))
        // Stop when no job was found, and also when none was removed: an operator may have put jobs back into the queue
        // meanwhile, and jobs that run are not removed.
        if (!removed.some(count => count > 0)) break
      }
    }
    await engine.trimEvents(definition.name, EVENT_AGE)
  }
  // Warn of a wrong clock before it does harm. If the store is away, the first cleaning warns.
  engine.now().then(checkClock, () => {})
  const timer = setInterval(() => {
    clean().catch((error: unknown) => { log.warn({ err: withoutCommand(error), job: definition.name }, 'Expired jobs could not be deleted') })
  }, Math.min(completed * 1000, failed * 1000, LONGEST_INTERVAL))
  return () => { clearInterval(timer) }
}
