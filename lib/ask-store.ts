import type { Engine } from './engine/engine.js'
import { isFault } from './engine/store-answers.js'
import { InputInvalidError, InternalError, StoreUnavailableError, withoutCommand } from './errors.js'

/**
 * Asks the store something. Whatever keeps it from answering is the same to callers; the cause is for the log.
 * @throws `STORE_UNAVAILABLE`, at once where the store is known to be away; `INTERNAL_ERROR` where the fault is ours
 */
export async function askStore<Answer> (engine: Pick<Engine, 'available' | 'noteFailure'>, question: () => Promise<Answer>): Promise<Answer> {
  if (!engine.available) throw unavailable(undefined)
  try {
    return await question()
  } catch (cause) {
    if (cause instanceof InputInvalidError) throw cause
    if (isFault(cause)) throw Object.assign(new InternalError(), { cause: withoutCommand(cause) })
    throw unavailable(engine.noteFailure(cause) ? undefined : withoutCommand(cause))
  }
}

function unavailable (cause: unknown): Error {
  return Object.assign(new StoreUnavailableError(), { cause, headers: { 'retry-after': '1' } })
}
