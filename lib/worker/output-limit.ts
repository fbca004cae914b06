import type { JobDefinition } from '../../types/definition.js'
import { JobError } from '../base/errors.js'

/** How much partial output one run of a job may write. */
export type OutputLimits = Pick<JobDefinition, 'maxOutputChunks' | 'maxOutputBytes'>

/** Counts what a run writes. */
export interface OutputLimit {
  /** Whether every further chunk is refused, however small. */
  readonly isReached: boolean
  /** Counts a chunk, given as JSON. @returns its size in bytes. @throws JobError `OUTPUT_TOO_LARGE` */
  admit (json: string): number
}

export function createOutputLimit ({ maxOutputChunks, maxOutputBytes }: OutputLimits): OutputLimit {
  let chunks = 0
  let bytes = 0
  return {
    get isReached () { return chunks >= maxOutputChunks },
    admit (json) {
      const size = Buffer.byteLength(json)
      if (chunks + 1 > maxOutputChunks || bytes + size > maxOutputBytes) throw tooLarge()
      chunks++
      bytes += size
      return size
    }
  }
}

export function tooLarge (): JobError {
  return new JobError('OUTPUT_TOO_LARGE', 'The job wrote more partial output than it may.')
}
