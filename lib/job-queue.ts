import type { JobsOptions, Queue } from 'bullmq'
import type { JobDefinition } from '../types/definition.js'
import type { JobOptions } from '../types/options.js'
import { BY_CANCEL, BY_EXPIRY } from './ending.js'
import type { Engine } from './engine/engine.js'
import { InputInvalidError, StoreUnavailableError, withoutCommand } from './errors.js'
import { isJobId, makeJobId } from './job-id.js'
import { expiresAt, startDeadline } from './job-state.js'
import { fromRow, type Chunk } from './partial-output.js'
import type { StoredJob } from './stored-job.js'

/** What became of the search for a job. */
export type Found =
  | { outcome: 'found', stored: StoredJob }
  | { outcome: 'expired', expiredAt: number }
  | { outcome: 'unknown' }

/** Chunks of partial output, and the row of the job's log where the next ones begin. */
export interface Chunks {
  chunks: Chunk[]
  next: number
}

/** Submits jobs, reads and ends them, over one BullMQ queue. All of it throws `STORE_UNAVAILABLE`. */
export interface JobQueue {
  readonly queue: Queue
  /** Stores a new job. */
  submit (input: unknown, options: JobOptions): Promise<{ jobId: string, stored: StoredJob }>
  /** Reads a job in one round trip of constant cost. One that was not begun in time is ended by that. */
  read (jobId: string, withOutput: boolean): Promise<Found>
  /** Some chunks of partial output, from a row of the job's log on. */
  readChunks (jobId: string, from: number): Promise<Chunks>
  /** Ends a job as canceled, unless it is final. */
  cancel (jobId: string): Promise<void>
  /** The id of the queue's latest event. */
  latestEvent (): Promise<string>
}

export function openJobQueue (engine: Engine, { name, attempts, backoff, retention, startBy }: JobDefinition): JobQueue {
  const opts: JobsOptions & JobOptions = {
    attempts,
    backoff,
    removeOnComplete: { age: retention.completed },
    removeOnFail: { age: retention.failed },
    ...(startBy !== undefined && { startBy })
  }
  const open = (): Queue => engine.openQueue(name)
  // Its start should not cost the first request any time.
  open()
  const read = (jobId: string, withOutput: boolean): Promise<StoredJob | undefined> =>
    ask(engine, () => engine.readJob(name, jobId, withOutput))

  return {
    get queue () { return open() },

    async submit (input, options) {
      const jobId = makeJobId()
      const timestamp = Date.now()
      // The spread comes last: with fields behind it, V8 takes some 17 times as long for the object, and BullMQ for reading it.
      const all = { jobId, timestamp, ...opts, ...options }
      await ask(engine, () => open().add(name, input, all).catch((cause: unknown) => { throw refusal(cause) ?? cause }))
      const delay = options.delay ?? 0
      return {
        jobId,
        stored: { state: delay > 0 ? 'delayed' : 'waiting', timestamp, delayedUntil: delay > 0 ? timestamp + delay : undefined, attemptsMade: 0, opts: all, progress: 0, logs: 0 }
      }
    },

    async read (jobId, withOutput) {
      if (!isJobId(jobId)) return { outcome: 'unknown' }
      let stored = await read(jobId, withOutput)
      if (stored !== undefined && (startDeadline(stored) ?? Infinity) <= Date.now()) {
        await ask(engine, () => engine.endJob(name, jobId, BY_EXPIRY))
        stored = await read(jobId, withOutput)
      }
      if (stored === undefined) return { outcome: 'unknown' }
      // BullMQ removes by age only when some other job finishes.
      const expiry = expiresAt(stored)
      return expiry !== undefined && expiry <= Date.now()
        ? { outcome: 'expired', expiredAt: expiry }
        : { outcome: 'found', stored }
    },

    async readChunks (jobId, from) {
      const rows = await ask(engine, () => engine.readLogs(name, jobId, from))
      const chunks = rows.flatMap((row, place) => fromRow(row, from + place) ?? [])
      return { chunks, next: from + rows.length }
    },

    async cancel (jobId) {
      if (isJobId(jobId)) await ask(engine, () => engine.endJob(name, jobId, BY_CANCEL))
    },

    latestEvent: () => ask(engine, () => engine.latestEvent(name))
  }
}

/** Whatever keeps the store from answering is the same to callers. The cause is for the log. */
async function ask<Answer> (engine: Engine, question: () => Promise<Answer>): Promise<Answer> {
  if (!engine.available) throw unavailable(undefined)
  try {
    return await question()
  } catch (cause) {
    throw cause instanceof InputInvalidError ? cause : unavailable(withoutCommand(cause))
  }
}

/** What PostgreSQL says of JSON with characters that it cannot keep: U+0000, half a surrogate pair. */
const UNTRANSLATABLE = ['22P02', '22P05']

/** The error where it is the input that cannot be stored, and never could be. */
function refusal (cause: unknown): Error | undefined {
  if (cause instanceof RangeError) return new InputInvalidError('it is nested too deeply')
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  return UNTRANSLATABLE.includes(String(code))
    ? new InputInvalidError('it has characters that cannot be stored: U+0000, or half a surrogate pair')
    : undefined
}

function unavailable (cause: unknown): Error {
  return Object.assign(new StoreUnavailableError(), { cause, headers: { 'retry-after': '1' } })
}
