import { setTimeout as sleep } from 'node:timers/promises'
import type { Engine } from '../engine/engine.js'
import { isFault } from '../engine/store-answers.js'
import { InputInvalidError, InternalError, StoreUnavailableError, withoutCommand } from '../base/errors.js'

/** For how long a question is asked again that closed connections interrupt, in ms. */
const PATIENCE = 900

/** How long after such a one, in ms: a connection may be gone some turns of the event loop before that is known. */
const PAUSE = 10

/**
 * Asks the store something. Whatever keeps it from answering is the same to callers; the cause is for the log.
 * @param question asked again where a closed connection interrupts it: asking twice must be like asking once
 * @throws `STORE_UNAVAILABLE`, at once where the store is known to be away; `INTERNAL_ERROR` where the fault is ours
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
