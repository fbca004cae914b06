import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { StoredJob } from '../job/stored-job.js'

/**
 * How far a watcher is, as the id of an event says it: how many chunks it got, and which state of the job it
 * saw. That is all there is to resume from, on any server: what a job was like in between is not kept.
 */
export interface Position {
  /** Rows of the job's log that were told. */
  chunks: number
  /** Fingerprint of the job as it was told; empty before the first. */
  seen: string
}

export const START: Position = Object.freeze({ chunks: 0, seen: '' })

const ID = /^(0|[1-9]\d{0,8})\.([\w-]{0,8})\.[\da-z]+$/

/** With a checksum at its end, by which an id is known that was made up, cut off, or is of another job. */
export function toEventId (jobId: string, { chunks, seen }: Position): string {
  const id = `${chunks}.${seen}`
  return `${id}.${crc32(`${jobId}.${id}`).toString(36)}`
}

/** An id from nowhere is the start: its owner gets everything. */
export function fromEventId (jobId: string, id: string | undefined, { logs }: StoredJob): Position {
  const [, chunks, seen] = ID.exec(id ?? '') ?? []
  if (seen === undefined) return START
  const position = { chunks: Number(chunks), seen }
  return toEventId(jobId, position) === id && position.chunks <= logs ? position : START
}

/** Differs where a job has changed in what its watchers see. */
export function fingerprint ({ state, attemptsMade, processedOn, finishedOn, delayedUntil, progress, failedReason }: StoredJob): string {
  return createHash('sha256')
    .update(JSON.stringify([state, attemptsMade, processedOn, finishedOn, delayedUntil, progress, failedReason]))
    .digest('base64url').slice(0, 8)
}
