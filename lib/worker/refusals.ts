import type { JobLogger } from '../../types/processor.js'

/**
 * What an attempt tells and is refused. Who awaits it learns of it. Who does not must neither end the process by it,
 * nor fill the log: of each kind, the first one is logged.
 */
export interface Refusals {
  /** Hears of what is refused later. */
  heard (told: Promise<void>, refused: string): Promise<void>
  /** Logs what is refused now. */
  tell (error: unknown, refused: string): void
}

export function createRefusals (log: Pick<JobLogger, 'warn'>): Refusals {
  const known = new Set<string>()
  const tell = (error: unknown, refused: string): void => {
    if (known.has(refused)) return
    known.add(refused)
    log.warn({ err: error }, refused)
  }
  return {
    heard (told, refused) {
      told.catch((error: unknown) => { tell(error, refused) })
      return told
    },
    tell
  }
}

export const CHUNK_REFUSED = 'A chunk of partial output was refused: no line tells of further ones of this attempt'
export const PROGRESS_REFUSED = 'A report of progress was refused: no line tells of further ones of this attempt'
