/* How chunks of partial output are kept: as rows of BullMQ's job log, which is ordered, can be read from any
 * index, and is deleted with the job. Other rows may stand there too, of workers in other languages. */

/** A chunk as it is stored. */
export interface Chunk {
  /** Its row in the job's log. */
  index: number
  run: number
  data: unknown
}

const ROW = /^output (\d{1,9}) (.*)$/s

/** A chunk as a row. JSON escapes what PostgreSQL cannot store. */
export function toRow (run: number, json: string): string {
  return `output ${run} ${json}`
}

/** The chunk in a row; undefined for a line that somebody logged, which is nothing for clients. */
export function fromRow (row: string, index: number): Chunk | undefined {
  const [, run, json] = ROW.exec(row) ?? []
  if (json === undefined) return undefined
  try {
    return { index, run: Number(run), data: JSON.parse(json) }
  } catch {
    return undefined
  }
}
