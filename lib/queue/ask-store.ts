import { setTimeout as sleep } from 'node:timers/promises'
import type { Engine } from '../engine/engine.js'
import { isFault } from '../engine/store-answers.js'
import { InputInvalidError, InternalError, StoreUnavailableError, withoutCommand } from '../base/errors.js'

/** How long `askStore` repeats a question that closed connections interrupt, in ms. */
const PATIENCE = 900

/**
 * The pause before such a repetition, in ms. Some turns of the event loop may pass after a connection is lost, before
 * the engine knows it.
 */
const PAUSE = 10

/**
 * Asks the store a question. Callers get the same error for every outage. Its `cause` is for the log.
 * @param question is repeated if a closed connection interrupts it. So asking twice must have the effect of asking once
 * @throws `STORE_UNAVAILABLE`, at once if an outage is known. `INTERNAL_ERROR` if the store
 * answers, but this package or the stored data is wrong
 */
export async function askStore<Answer> (engine: Pick<Engine, 'available' | 'noteFailure' | 'ready' | 'wasInterrupted'>, question: () => Promise<Answer>): Promise<Answer> {
  const begun = performance.now()
  for (;; await sleep(PAUSE)) {
    if (!engine.available) await engine.ready()
    if (!engine.available) throw unavailable(undefined)
    try {
      return await question()
    } catch (cause) {
      if (engine.wasInterrupted(cause) && performance.now() - begun < PATIENCE) continue
      if (cause instanceof InputInvalidError) throw cause
      if (isFault(cause)) throw Object.assign(new InternalError(), { cause: withoutCommand(cause) })
      throw unavailable(engine.noteFailure(cause) ? undefined : withoutCommand(cause))
    }
  }
}

function unavailable (cause: unknown): Error {
  return Object.assign(new StoreUnavailableError(), { cause, headers: { 'retry-after': '1' } })
}
