import type { Job as BullJob, JobsOptions, Queue } from 'bullmq'
import type { JobDefinition } from '../../types/definition.js'
import type { JobOptions } from '../../types/options.js'
import { askStore } from './ask-store.js'
import { openBacklog } from './backlog.js'
import type { Engine } from '../engine/engine.js'
import { InputInvalidError } from '../base/errors.js'
import { makeJobId } from '../job/id.js'
import type { StoredJob } from '../job/stored-job.js'

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

/** Makes a submission one that may be repeated. */
export interface Idempotency {
  key: string
  /** `hashOfInput` of what the client sent: it is stored with the job. What becomes of an input depends on the schema, too, which may be another one the next time. */
  inputHash: string
}

/**
 * Stores a new job, in one round trip, or two where it has a delay or a deadline. With a key that was used
 * before, for a job that is still there, finds that one instead.
 * @throws `STORE_UNAVAILABLE`, `INPUT_INVALID`
 */
export type Submit = (input: unknown, options: SubmitOptions, idempotency?: Idempotency) => Promise<Submitted>

/** How long a job may wait and run until its idempotency key is free for another one, in ms: a day. */
const LONGEST_LIFE = 86_400_000

/**
 * @param find a job that can still be read
 * @param maxPending how many jobs may wait; undefined: any number
 */
export function createSubmit (
  engine: Engine, { name, attempts, backoff, retention, startBy }: JobDefinition, find: (jobId: string) => Promise<StoredJob | undefined>, maxPending?: number
): Submit {
  const opts: JobsOptions & SubmitOptions = {
    attempts,
    backoff,
    removeOnComplete: { age: retention.completed },
    removeOnFail: { age: retention.failed },
    ...(startBy !== undefined && { startBy })
  }
  const ask = <Answer>(question: (queue: Queue) => Promise<Answer>): Promise<Answer> => askStore(engine, () => question(engine.openQueue(name)))

  // BullMQ's keys have a time to live from the submission on: as long as the job can be there after it ended, and
  // before that for longer than jobs wait and run. One whose job is gone is free all the same.
  const ttl = 1_000 * Math.max(retention.completed, retention.failed) + LONGEST_LIFE

  const add = async (input: unknown, options: SubmitOptions, idempotency: Idempotency | undefined): Promise<{ job: BullJob, jobId: string, stored: StoredJob }> => {
    const jobId = makeJobId()
    const { delay = 0 } = options
    // Where it decides what becomes of the job, it is that of the store: the clock of this process may be wrong.
    const timed = delay > 0 || (options.startBy ?? startBy) !== undefined
    const timestamp = timed ? await askStore(engine, () => engine.now()) : Date.now()
    // What is spread comes last: with fields behind it, V8 takes some 17 times as long for the object, and BullMQ for reading it.
    const all = { jobId, timestamp, ...opts, ...options, ...(idempotency !== undefined && { inputHash: idempotency.inputHash, deduplication: { id: idempotency.key, ttl } }) }
    const job = await ask(queue => queue.add(name, input, all).catch((cause: unknown) => { throw refusal(cause) ?? cause }))
    return {
      job,
      jobId,
      stored: { state: delay > 0 ? 'delayed' : 'waiting', timestamp, delayedUntil: delay > 0 ? timestamp + delay : undefined, attemptsMade: 0, opts: all, progress: 0, logs: 0, readAt: timestamp }
    }
  }

  /** What it is to submit an input again under the key that another job has; undefined where that one is gone. */
  const replay = async (jobId: string, inputHash: string | undefined): Promise<Submitted | undefined> => {
    const stored = await find(jobId)
    if (stored === undefined) return undefined
    return stored.opts.inputHash === inputHash ? { outcome: 'replayed', jobId, stored } : { outcome: 'conflict' }
  }

  const submit: Submit = async (input, options, idempotency) => {
    for (;;) {
      const { job, jobId, stored } = await add(input, options, idempotency)
      // An id that is not ours is that of the job which has the key; all else in it is ours.
      const first = job.id as string
      if (first === jobId) return { outcome: 'stored', jobId, stored }
      const replayed = await replay(first, idempotency?.inputHash)
      if (replayed !== undefined) return replayed
      // The key outlived its job, which does so no more; unless somebody has taken it meanwhile.
      await ask(() => job.removeDeduplicationKey())
    }
  }

  if (maxPending === undefined) return submit
  const backlog = openBacklog(maxPending, () => ask(queue => queue.count()))
  return async (input, options, idempotency) => {
    const retryAfter = await backlog.admit()
    if (retryAfter === undefined) return await submit(input, options, idempotency).finally(backlog.settled)
    // What was accepted before is not refused now.
    const first = idempotency === undefined ? null : await ask(queue => queue.getDeduplicationJobId(idempotency.key))
    return (first === null ? undefined : await replay(first, idempotency?.inputHash)) ?? { outcome: 'full', retryAfter }
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
