import type { JobsOptions, Queue } from 'bullmq'
import type { JobDefinition } from '../types/definition.js'
import type { Engine } from './engine/engine.js'
import { InputInvalidError, StoreUnavailableError, withoutCommand } from './errors.js'
import { isJobId, makeJobId } from './job-id.js'
import { expiresAt } from './job-state.js'
import type { StoredJob } from './stored-job.js'

/** What became of the search for a job. */
export type Found =
  | { outcome: 'found', stored: StoredJob }
  | { outcome: 'expired', expiredAt: number }
  | { outcome: 'unknown' }

/** Submits jobs and reads them, over one BullMQ queue. */
export interface JobQueue {
  readonly queue: Queue
  /** Stores a new job. @throws `STORE_UNAVAILABLE` */
  submit (input: unknown): Promise<{ jobId: string, stored: StoredJob }>
  /** Reads a job in one round trip of constant cost. @throws `STORE_UNAVAILABLE` */
  read (jobId: string, withOutput: boolean): Promise<Found>
}

export function openJobQueue (engine: Engine, definition: JobDefinition): JobQueue {
  const opts: JobsOptions = {
    attempts: definition.attempts,
    backoff: definition.backoff,
    removeOnComplete: { age: definition.retention.completed },
    removeOnFail: { age: definition.retention.failed }
  }
  const open = (): Queue => engine.openQueue(definition.name)
  // Its start should not cost the first request any time.
  open()
  return {
    get queue () { return open() },

    async submit (input) {
      const jobId = makeJobId()
      const timestamp = Date.now()
      // The spread comes last: with fields behind it, V8 takes some 17 times as long for the object, and BullMQ for reading it.
      await ask(engine, () => open().add(definition.name, input, { jobId, timestamp, ...opts }).catch((cause: unknown) => { throw refusal(cause) ?? cause }))
      return { jobId, stored: { state: 'waiting', timestamp, attemptsMade: 0, opts, progress: 0 } }
    },

    async read (jobId, withOutput) {
      if (!isJobId(jobId)) return { outcome: 'unknown' }
      const stored = await ask(engine, () => engine.readJob(definition.name, jobId, withOutput))
      if (stored === undefined) return { outcome: 'unknown' }
      // BullMQ removes by age only when some other job finishes.
      const expiry = expiresAt(stored)
      return expiry !== undefined && expiry <= Date.now()
        ? { outcome: 'expired', expiredAt: expiry }
        : { outcome: 'found', stored }
    }
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
