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

/** What became of the search for a job. */
export type Found =
  | { outcome: 'found', stored: StoredJob }
  | { outcome: 'expired', expiredAt: number }
  /** What is stored of it is damaged. `reason` is for the log. */
  | { outcome: 'unreadable', reason: string }
  | { outcome: 'unknown' }

/** Chunks of partial output, and the row of the job's log where the next ones begin. */
export interface Chunks {
  chunks: Chunk[]
  next: number
}

/** Submits jobs, reads and ends them, over one BullMQ queue. All of it throws `STORE_UNAVAILABLE`. */
export interface JobQueue {
  readonly queue: Queue
  readonly submit: Submit
  /**
   * Reads a job in one round trip of constant cost, and its output in another where it is asked for and large. A job
   * that was not begun in time is ended by that.
   * @param owner whose it must be: one of somebody else is unknown. undefined: anybody's
   */
  read (jobId: string, withOutput: boolean, owner?: string): Promise<Found>
  /** Some chunks of partial output, from a row of the job's log on. */
  readChunks (jobId: string, from: number): Promise<Chunks>
  /** Ends a job as canceled, unless it is final. */
  cancel (jobId: string): Promise<void>
  /** The id of the queue's latest event. */
  latestEvent (): Promise<string>
}

/** @param maxPending how many jobs may wait; undefined: any number */
export function openJobQueue (engine: Engine, definition: JobDefinition, maxPending?: number): JobQueue {
  const { name } = definition
  const open = (): Queue => engine.openQueue(name)
  // Its start should not cost the first request any time.
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
    // BullMQ removes by age only when some other job finishes.
    const expiry = expiresAt(stored)
    if (expiry !== undefined && expiry <= stored.readAt) return { outcome: 'expired', expiredAt: expiry }
    if (stored.largeOutput !== true) return { outcome: 'found', stored }
    const output = await askStore(engine, () => engine.readOutput(name, jobId))
    // Meanwhile it has been deleted, or an operator has it run again.
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
