/** The states BullMQ keeps a job in, as far as our jobs reach them. */
export type StoredState = 'waiting' | 'delayed' | 'active' | 'completed' | 'failed'

/**
 * What the store tells of a job: BullMQ's own fields under BullMQ's names, without the input,
 * and with the output only where it was asked for.
 */
export interface StoredJob {
  /** `active` only while a worker holds the job's lock: one whose worker died is `waiting` again. */
  state: StoredState
  timestamp: number
  /** When a delayed job becomes due. */
  delayedUntil?: number | undefined
  processedOn?: number | undefined
  finishedOn?: number | undefined
  attemptsMade: number
  opts: StoredJobOptions
  progress: unknown
  failedReason?: string | undefined
  /** Rows of the job's log, where chunks of partial output are kept. */
  logs: number
  /** Of a completed job, where it was asked for and is small. */
  output?: StoredOutput | undefined
  /** It was asked for and is large: it has to be read by itself. */
  largeOutput?: boolean
  /** When it was read, by the store's clock: what its times are compared with, as the clocks of processes may be wrong. */
  readAt: number
}

/** An output as the store has it. */
export interface StoredOutput {
  /** JSON. */
  text: string
  /** Whether a worker of ours stored it, which checks it first. Others store what they like. */
  checked: boolean
}

/** What is under a job's key and tells of none: somebody else has damaged it, or keeps something else there. */
export interface UnreadableJob {
  state: 'unreadable'
  /** For the log. */
  reason: string
}

/** The job, unless what is there is none: then it is as good as gone. */
export function readable (record: StoredJob | UnreadableJob | undefined): StoredJob | undefined {
  return record?.state === 'unreadable' ? undefined : record
}

/** The options of a stored job that its clients' view depends on. */
export interface StoredJobOptions {
  attempts?: number | undefined
  delay?: number | undefined
  removeOnComplete?: unknown
  removeOnFail?: unknown
  /** Ours: seconds. */
  startBy?: number | undefined
  /** Ours: of what the client sent, where it sent an idempotency key. */
  inputHash?: string | undefined
}

/** The options in what is stored as such. Others may have put the job there: nothing is certain. */
export function toStoredOptions (stored: unknown): StoredJobOptions {
  const { attempts, delay, removeOnComplete, removeOnFail, startBy, inputHash } = Object(stored) as Record<string, unknown>
  return { attempts: toNumber(attempts), delay: toNumber(delay), removeOnComplete, removeOnFail, startBy: toNumber(startBy), ...(typeof inputHash === 'string' && { inputHash }) }
}

function toNumber (value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}
