import type { JobLogger } from '../../types/processor.js'

/**
 * Hears what an attempt tells and is refused. Who awaits it learns of it. Who does not must neither end the process
 * by it, nor fill the log: of each kind, the first one is logged.
 */
export function createRefusals (log: Pick<JobLogger, 'warn'>): (told: Promise<void>, refused: string) => Promise<void> {
  const known = new Set<string>()
  /** Many reports may share one promise, and there is no end to some. */
  const latest = new Map<string, Promise<void>>()
  return (told, refused) => {
    if (latest.get(refused) === told) return told
    latest.set(refused, told)
    told.catch((error: unknown) => {
      if (known.has(refused)) return
      known.add(refused)
      log.warn({ err: error }, refused)
    })
    return told
  }
}

export const CHUNK_REFUSED = 'A chunk of partial output was refused: no line tells of further ones of this attempt'
export const PROGRESS_REFUSED = 'A report of progress was refused: no line tells of further ones of this attempt'
