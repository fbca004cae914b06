import type { JobLogger } from '../../types/processor.js'

/**
 * Handles chunks and progress of an attempt that are refused. A processor that awaits its report gets the error. If it
 * does not await it, the refusal must neither end the process nor fill the log: only the first one of each kind is
 * logged.
 */
export interface Refusals {
  /** Logs the refusal if the promise rejects. @returns the same promise */
  heard (told: Promise<void>, refused: string): Promise<void>
  /** Logs a refusal if it is the first of its kind. */
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
