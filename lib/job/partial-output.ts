/*
 * Chunks of partial output are stored as rows of BullMQ's job log. The log is ordered, can be read from any index, and
 * is deleted with the job. It may hold other rows too, from workers in other languages.
 */

/** A chunk as it is stored. */
export interface Chunk {
  /** The row of the chunk in the job's log, from 0. */
  index: number
  /** The number of the run that wrote the chunk, from 1. */
  run: number
  data: unknown
}

const ROW = /^output (\d{1,9}) (.*)$/s

/**
 * Makes the row of a chunk.
 * @param json the chunk. JSON escapes the characters that PostgreSQL cannot store
 */
export function toRow (run: number, json: string): string {
  return `output ${run} ${json}`
}

/** Reads the chunk in a row. Returns undefined for a line that somebody logged, which clients do not see. */
export function fromRow (row: string, index: number): Chunk | undefined {
  const [, run, json] = ROW.exec(row) ?? []
  if (json === undefined) return undefined
  try {
    return { index, run: Number(run), data: JSON.parse(json) }
  } catch {
    return undefined
  }
}
