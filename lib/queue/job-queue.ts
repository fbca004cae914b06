import type { Queue } from 'bullmq'
import type { JobDefinition } from '../../types/definition.js'
import { askStore } from './ask-store.js'
import { BY_CANCEL, BY_EXPIRY } from '../job/ending.js'
import type { Engine } from '../engine/engine.js'
import { isJobId } from '../job/id.js'
import { expiresAt, startDeadline } from '../job/state.js'
import { fromRow, type Chunk } from '../job/partial-output.js'
import type { StoredJob } from '../job/stored-job.js'
import { createSubmit, type Submit } from './submission.js'

/** The result of a search for a job. */
export type Found =
  | { outcome: 'found', stored: StoredJob }
  /** `expiredAt`: in ms since the epoch. */
  | { outcome: 'expired', expiredAt: number }
  /** The stored record is damaged. `reason` is for the log. */
  | { outcome: 'unreadable', reason: string }
  | { outcome: 'unknown' }

/** Chunks of partial output. */
export interface Chunks {
  chunks: Chunk[]
  /** The row of the job's log at which the next chunks begin. */
  next: number
}

/** Submits, reads and ends jobs over one BullMQ queue. All methods throw `STORE_UNAVAILABLE`. */
export interface JobQueue {
  readonly queue: Queue
  readonly submit: Submit
  /**
   * Reads a job in one round trip of constant cost. A large output takes a second one, if you ask for the output.
   * The read also ends the job if it did not begin in time.
   * @param owner the owner that the job must have. A job of another owner is `unknown`. undefined: any owner
   */
  read (jobId: string, withOutput: boolean, owner?: string): Promise<Found>
  /** Reads some chunks of partial output, from a row of the job's log on. */
  readChunks (jobId: string, from: number): Promise<Chunks>
  /** Ends a job as canceled, unless it is final. */
  cancel (jobId: string): Promise<void>
  /** Returns the id of the queue's latest event. */
  latestEvent (): Promise<string>
}

/** @param maxPending how many jobs may wait. undefined: no limit */
export function openJobQueue (engine: Engine, definition: JobDefinition, maxPending?: number): JobQueue {
  const { name } = definition
  const open = (): Queue => engine.openQueue(name)
  // Open it now, so that the first request does not wait for that.
  open()
  const find = async (jobId: string, withOutput: boolean, owner?: string): Promise<Found> => {
    if (!isJobId(jobId)) return { outcome: 'unknown' }
    const stored = await askStore(engine, () => engine.readJob(name, jobId, withOutput, owner))
    if (stored === undefined) return { outcome: 'unknown' }
    if (stored.state === 'unreadable') return { outcome: 'unreadable', reason: stored.reason }
    if ((startDeadline(stored) ?? Infinity) <= stored.readAt) {
      await askStore(engine, () => engine.endJob(name, jobId, BY_EXPIRY))
      return await find(jobId, withOutput, owner)
    }
    // An expired job may still be stored: BullMQ removes jobs by age only when another job finishes.
    const expiry = expiresAt(stored)
    if (expiry !== undefined && expiry <= stored.readAt) return { outcome: 'expired', expiredAt: expiry }
    if (stored.largeOutput !== true) return { outcome: 'found', stored }
    const output = await askStore(engine, () => engine.readOutput(name, jobId))
    // Without an output, the job was deleted meanwhile, or an operator let it run again: read it anew.
    return output === undefined ? await find(jobId, withOutput, owner) : { outcome: 'found', stored: { ...stored, output } }
  }

  const findStored = async (jobId: string): Promise<StoredJob | undefined> => {
    const found = await find(jobId, false)
    return found.outcome === 'found' ? found.stored : undefined
  }

  return {
    get queue () { return open() },

    submit: createSubmit(engine, definition, findStored, maxPending),
    read: find,

    async readChunks (jobId, from) {
      const rows = await askStore(engine, () => engine.readLogs(name, jobId, from))
      const chunks = rows.flatMap((row, place) => fromRow(row, from + place) ?? [])
      return { chunks, next: from + rows.length }
    },

    async cancel (jobId) {
      if (isJobId(jobId)) await askStore(engine, () => engine.endJob(name, jobId, BY_CANCEL))
    },

    latestEvent: () => askStore(engine, () => engine.latestEvent(name))
  }
}
