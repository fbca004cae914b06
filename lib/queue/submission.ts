import type { Job as BullJob, JobsOptions, Queue } from 'bullmq'
import type { JobDefinition } from '../../types/definition.js'
import type { JobOptions } from '../../types/options.js'
import { askStore } from './ask-store.js'
import { openBacklog } from './backlog.js'
import type { Engine } from '../engine/engine.js'
import { InputInvalidError } from '../base/errors.js'
import { makeJobId } from '../job/id.js'
import type { StoredJob } from '../job/stored-job.js'

/** The result of a submission. */
export type Submitted =
  /** `replayed`: the idempotency key had this job already. */
  | { outcome: 'stored' | 'replayed', jobId: string, stored: StoredJob }
  /** The idempotency key was used for another input. */
  | { outcome: 'conflict' }
  /** The queue is full. `retryAfter`: in how many seconds there may be room. */
  | { outcome: 'full', retryAfter: number }

/** The options of a single job, and its owner. */
export interface SubmitOptions extends JobOptions {
  owner?: string | undefined
}

/** Makes it safe to repeat a submission. */
export interface Idempotency {
  key: string
  /**
   * `hashOfInput` of the input as the client sent it. It is stored with the job. The stored input itself cannot be
   * compared: it also depends on the schema, which may have changed at the next submission.
   */
  inputHash: string
}

/**
 * Stores a new job in one round trip, or in two if it has a delay or a deadline. If the idempotency key has a job that
 * can still be read, it returns that job instead.
 * @throws `STORE_UNAVAILABLE`, `INPUT_INVALID`
 */
export type Submit = (input: unknown, options: SubmitOptions, idempotency?: Idempotency) => Promise<Submitted>

/** How long a job may wait and run before its idempotency key may be used for another job, in ms: a day. */
const LONGEST_LIFE = 86_400_000

/**
 * @param find returns the job of an id, or undefined if it can no longer be read
 * @param maxPending how many jobs may wait. undefined: no limit
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

  // The time to live of BullMQ's deduplication key begins with the submission. So it is the retention of the final job
  // plus the longest time for which the job may wait and run. A key whose job is gone can be used again before that.
  const ttl = 1_000 * Math.max(retention.completed, retention.failed) + LONGEST_LIFE

  const add = async (input: unknown, options: SubmitOptions, idempotency: Idempotency | undefined): Promise<{ job: BullJob, jobId: string, stored: StoredJob }> => {
    const jobId = makeJobId()
    const { delay = 0 } = options
    // If the job has a delay or a deadline, its timestamp decides when it runs. Then use the store's clock, because the
    // clock of this process may be wrong.
    const timed = delay > 0 || (options.startBy ?? startBy) !== undefined
    const timestamp = timed ? await askStore(engine, () => engine.now()) : Date.now()
    // Spread objects come last. If fields follow them, V8 takes some 17 times as long to make the object, and BullMQ to
    // read it.
    const all = { jobId, timestamp, ...opts, ...options, ...(idempotency !== undefined && { inputHash: idempotency.inputHash, deduplication: { id: idempotency.key, ttl } }) }
    const job = await ask(queue => queue.add(name, input, all).catch((cause: unknown) => { throw refusal(cause) ?? cause }))
    return {
      job,
      jobId,
      stored: { state: delay > 0 ? 'delayed' : 'waiting', timestamp, delayedUntil: delay > 0 ? timestamp + delay : undefined, attemptsMade: 0, opts: all, progress: 0, logs: 0, readAt: timestamp }
    }
  }

  /** The result of a submission whose key has a job already. Returns undefined if that job is gone. */
  const replay = async (jobId: string, inputHash: string | undefined): Promise<Submitted | undefined> => {
    const stored = await find(jobId)
    if (stored === undefined) return undefined
    return stored.opts.inputHash === inputHash ? { outcome: 'replayed', jobId, stored } : { outcome: 'conflict' }
  }

  const submit: Submit = async (input, options, idempotency) => {
    for (;;) {
      const { job, jobId, stored } = await add(input, options, idempotency)
      // If the key has a job already, BullMQ returns this job with the id of that one. Everything else in it belongs to
      // this job.
      const first = job.id as string
      if (first === jobId) return { outcome: 'stored', jobId, stored }
      const replayed = await replay(first, idempotency?.inputHash)
      if (replayed !== undefined) return replayed
      // The key outlived its job. Free it, unless another job has taken it meanwhile, and submit again.
      await ask(() => job.removeDeduplicationKey())
    }
  }

  if (maxPending === undefined) return submit
  const backlog = openBacklog(maxPending, () => ask(queue => queue.count()))
  return async (input, options, idempotency) => {
    const retryAfter = await backlog.admit()
    if (retryAfter === undefined) return await submit(input, options, idempotency).finally(backlog.settled)
    // The queue is full. But a job that was accepted before under the same key is not refused now.
    const first = idempotency === undefined ? null : await ask(queue => queue.getDeduplicationJobId(idempotency.key))
    return (first === null ? undefined : await replay(first, idempotency?.inputHash)) ?? { outcome: 'full', retryAfter }
  }
}

/** PostgreSQL's error codes for JSON with characters that it cannot store: U+0000, or half a surrogate pair. */
const UNTRANSLATABLE = ['22P02', '22P05']

/** Returns the error for an input that can never be stored. Returns undefined if `cause` has another reason. */
function refusal (cause: unknown): Error | undefined {
  if (cause instanceof RangeError) return new InputInvalidError('it is nested too deeply')
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  return UNTRANSLATABLE.includes(String(code))
    ? new InputInvalidError('it has characters that cannot be stored: U+0000, or half a surrogate pair')
    : undefined
}
