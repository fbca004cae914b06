import type { Job as BullJob, JobsOptions, Queue } from 'bullmq'
import type { JobDefinition } from '../types/definition.js'
import type { JobOptions } from '../types/options.js'
import { openBacklog } from './backlog.js'
import { BY_CANCEL, BY_EXPIRY } from './ending.js'
import type { Engine } from './engine/engine.js'
import { InputInvalidError, StoreUnavailableError, withoutCommand } from './errors.js'
import { isJobId, makeJobId } from './job-id.js'
import { expiresAt, startDeadline } from './job-state.js'
import { isSameJson } from './json.js'
import { fromRow, type Chunk } from './partial-output.js'
import type { StoredJob } from './stored-job.js'

/** What became of the search for a job. */
export type Found =
  | { outcome: 'found', stored: StoredJob }
  | { outcome: 'expired', expiredAt: number }
  | { outcome: 'unknown' }

/** What became of a submission. */
export type Submitted =
  | { outcome: 'stored' | 'replayed', jobId: string, stored: StoredJob }
  /** The key was used for another input. */
  | { outcome: 'conflict' }
  /** As many jobs wait as may. `retryAfter`: when there may be room, in s from now. */
  | { outcome: 'full', retryAfter: number }

/** What one job may have of its own, and whose it is. */
export interface SubmitOptions extends JobOptions {
  owner?: string | undefined
}

/** Chunks of partial output, and the row of the job's log where the next ones begin. */
export interface Chunks {
  chunks: Chunk[]
  next: number
}

/** Submits jobs, reads and ends them, over one BullMQ queue. All of it throws `STORE_UNAVAILABLE`. */
export interface JobQueue {
  readonly queue: Queue
  /**
   * Stores a new job, in one round trip, or two where it has a delay or a deadline. With a key that was used
   * before, for a job that is still there, finds that one instead.
   */
  submit (input: unknown, options: SubmitOptions, key?: string): Promise<Submitted>
  /**
   * Reads a job in one round trip of constant cost. One that was not begun in time is ended by that.
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

/** How long a job may wait and run until its idempotency key is free for another one, in ms: a day. */
const LONGEST_LIFE = 86_400_000

/** @param maxPending how many jobs may wait; undefined: any number */
export function openJobQueue (engine: Engine, { name, attempts, backoff, retention, startBy }: JobDefinition, maxPending?: number): JobQueue {
  const opts: JobsOptions & SubmitOptions = {
    attempts,
    backoff,
    removeOnComplete: { age: retention.completed },
    removeOnFail: { age: retention.failed },
    ...(startBy !== undefined && { startBy })
  }
  const open = (): Queue => engine.openQueue(name)
  // Its start should not cost the first request any time.
  open()
  const find = async (jobId: string, withOutput: boolean, owner?: string): Promise<Found> => {
    if (!isJobId(jobId)) return { outcome: 'unknown' }
    const read = (): Promise<StoredJob | undefined> => ask(engine, () => engine.readJob(name, jobId, withOutput, owner))
    let stored = await read()
    if (stored !== undefined && (startDeadline(stored) ?? Infinity) <= stored.readAt) {
      await ask(engine, () => engine.endJob(name, jobId, BY_EXPIRY))
      stored = await read()
    }
    if (stored === undefined) return { outcome: 'unknown' }
    // BullMQ removes by age only when some other job finishes.
    const expiry = expiresAt(stored)
    return expiry !== undefined && expiry <= stored.readAt
      ? { outcome: 'expired', expiredAt: expiry }
      : { outcome: 'found', stored }
  }

  // BullMQ's keys have a time to live from the submission on: as long as the job can be there after it ended, and
  // before that for longer than jobs wait and run. One whose job is gone is free all the same.
  const ttl = 1_000 * Math.max(retention.completed, retention.failed) + LONGEST_LIFE

  const backlog = maxPending === undefined ? undefined : openBacklog(maxPending, () => ask(engine, () => open().count()))

  const add = async (input: unknown, options: SubmitOptions, key: string | undefined): Promise<{ job: BullJob, jobId: string, stored: StoredJob }> => {
    const jobId = makeJobId()
    const { delay = 0 } = options
    // Where it decides what becomes of the job, it is that of the store: the clock of this process may be wrong.
    const timed = delay > 0 || (options.startBy ?? startBy) !== undefined
    const timestamp = timed ? await ask(engine, () => engine.now()) : Date.now()
    // What is spread comes last: with fields behind it, V8 takes some 17 times as long for the object, and BullMQ for reading it.
    const all = { jobId, timestamp, ...opts, ...options, ...(key !== undefined && { deduplication: { id: key, ttl } }) }
    const job = await ask(engine, () => open().add(name, input, all).catch((cause: unknown) => { throw refusal(cause) ?? cause }))
    return {
      job,
      jobId,
      stored: { state: delay > 0 ? 'delayed' : 'waiting', timestamp, delayedUntil: delay > 0 ? timestamp + delay : undefined, attemptsMade: 0, opts: all, progress: 0, logs: 0, readAt: timestamp }
    }
  }

  /** What it is to submit an input again under the key that another job has; undefined where that one is gone. */
  const replay = async (jobId: string, input: unknown): Promise<Submitted | undefined> => {
    const found = await find(jobId, false)
    if (found.outcome !== 'found') return undefined
    const data: unknown = (await ask(engine, () => open().getJob(jobId)))?.data
    // As the stored one was, through JSON.
    return isSameJson(data, JSON.parse(JSON.stringify(input))) ? { outcome: 'replayed', jobId, stored: found.stored } : { outcome: 'conflict' }
  }

  const submit = async (input: unknown, options: SubmitOptions, key: string | undefined): Promise<Submitted> => {
    for (;;) {
      const { job, jobId, stored } = await add(input, options, key)
      // An id that is not ours is that of the job which has the key; all else in it is ours.
      const first = job.id as string
      if (first === jobId) return { outcome: 'stored', jobId, stored }
      const replayed = await replay(first, input)
      if (replayed !== undefined) return replayed
      // The key outlived its job, which does so no more; unless somebody has taken it meanwhile.
      await ask(engine, () => job.removeDeduplicationKey())
    }
  }

  return {
    get queue () { return open() },

    async submit (input, options, key) {
      if (backlog === undefined) return await submit(input, options, key)
      const retryAfter = await backlog.admit()
      if (retryAfter === undefined) return await submit(input, options, key).finally(backlog.settled)
      // What was accepted before is not refused now.
      const first = key === undefined ? null : await ask(engine, () => open().getDeduplicationJobId(key))
      return (first === null ? undefined : await replay(first, input)) ?? { outcome: 'full', retryAfter }
    },

    read: find,

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
