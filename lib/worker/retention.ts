import type { JobDefinition } from '../../types/definition.js'
import type { JobLogger } from '../../types/processor.js'
import { createClockCheck } from './clock-check.js'
import type { Engine } from '../engine/engine.js'
import { withoutCommand } from '../errors.js'

/** How often expired jobs are looked for at most, in ms. */
const LONGEST_INTERVAL = 60_000

/** How long events are kept at least, in ms: those of completed jobs hold the whole output, whatever has become of the job. */
const EVENT_AGE = 300_000

/** Jobs deleted with one command, so that the store is not held up. */
const BATCH = 1_000

/**
 * Deletes old events, and jobs whose retention has passed, on a timer: BullMQ itself deletes by age only when
 * some other job finishes, so that the last results of a quiet queue would stay for ever.
 * @returns stops it
 */
export function keepRetention (engine: Engine, definition: JobDefinition, log: JobLogger): () => void {
  const { completed, failed } = definition.retention
  const checkClock = createClockCheck(definition.name, log)
  const clean = async (): Promise<void> => {
    if (!engine.available) return
    const backend = engine.openQueue(definition.name).getBackend()
    // Not BullMQ's own `clean`, which goes by the clock of this process.
    const now = await engine.now()
    checkClock(now)
    for (const [state, age] of [['completed', completed], ['failed', failed]] as const) {
      let removed
      do removed = await backend.cleanJobsByState(state, now - age * 1000, BATCH); while (removed.length === BATCH)
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
