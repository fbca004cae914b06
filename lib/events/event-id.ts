import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { StoredJob } from '../job/stored-job.js'

/**
 * How far a watcher is, as the id of an event says it: how many chunks it got, and which state of the job it saw. A
 * watcher can resume from that on any server. It does not get the states in between, because nothing keeps them.
 */
export interface Position {
  /** How many rows of the job's log the watcher got. */
  chunks: number
  /** Fingerprint of the state of the job that the watcher got last; empty before the first. */
  seen: string
}

export const START: Position = Object.freeze({ chunks: 0, seen: '' })

const ID = /^(0|[1-9]\d{0,8})\.([\w-]{0,8})\.[\da-z]+$/

/**
 * Makes the id of an event. It ends with a checksum, which shows an id that was made up, cut off, or belongs to another
 * job.
 */
export function toEventId (jobId: string, { chunks, seen }: Position): string {
  const id = `${chunks}.${seen}`
  return `${id}.${crc32(`${jobId}.${id}`).toString(36)}`
}

/**
 * Reads the id of an event. An id that this package did not make counts as the start, and so does one that is ahead of
 * the job's log: its sender gets everything.
 */
export function fromEventId (jobId: string, id: string | undefined, { logs }: StoredJob): Position {
  const [, chunks, seen] = ID.exec(id ?? '') ?? []
  if (seen === undefined) return START
  const position = { chunks: Number(chunks), seen }
  return toEventId(jobId, position) === id && position.chunks <= logs ? position : START
}

/** Makes a fingerprint of all that a watcher sees of a job: it differs if one of these fields has changed. */
export function fingerprint ({ state, attemptsMade, processedOn, finishedOn, delayedUntil, progress, failedReason }: StoredJob): string {
  return createHash('sha256')
    .update(JSON.stringify([state, attemptsMade, processedOn, finishedOn, delayedUntil, progress, failedReason]))
    .digest('base64url').slice(0, 8)
}
