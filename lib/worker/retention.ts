import type { JobDefinition } from '../../types/definition.js'
import type { JobLogger } from '../../types/processor.js'
import { createClockCheck } from './clock-check.js'
import type { Engine } from '../engine/engine.js'
import { withoutCommand } from '../base/errors.js'

/** How often expired jobs are looked for at most, in ms. */
const LONGEST_INTERVAL = 60_000

/** How long events are kept at least, in ms: those of completed jobs hold the whole output, whatever has become of the job. */
const EVENT_AGE = 300_000

/**
 * Deletes old events, and jobs whose retention has passed, on a timer. Each job by its own, as clients were told:
 * what a definition says now is for jobs that are submitted now. (BullMQ itself deletes only when some other job
 * finishes, and then by the retention of that one.)
 * @returns stops it
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
        // One that an operator has put back into the queue meanwhile, and that runs, stays.
        if (!removed.some(count => count > 0)) break
      }
    }
    await engine.trimEvents(definition.name, EVENT_AGE)
  }
  // A wrong clock should be known before it does harm. Where the store is away, the first cleaning tells.
  engine.now().then(checkClock, () => {})
  const timer = setInterval(() => {
    clean().catch((error: unknown) => { log.warn({ err: withoutCommand(error), job: definition.name }, 'Expired jobs could not be deleted') })
  }, Math.min(completed * 1000, failed * 1000, LONGEST_INTERVAL))
  return () => { clearInterval(timer) }
}
