/** The states of BullMQ that jobs of this package reach. */
export type StoredState = 'waiting' | 'delayed' | 'active' | 'completed' | 'failed'

/**
 * A job as the store has it. BullMQ's own fields have BullMQ's names. All times are in ms since the epoch. The input is
 * left out, and so is the output unless the reader asked for it.
 */
export interface StoredJob {
  /** `active` only while a worker holds the job's lock. A job whose worker died is `waiting` again. */
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
  /** How many rows the job's log has. It holds the chunks of partial output. */
  logs: number
  /** The output of a completed job, if the reader asked for it and it is small. */
  output?: StoredOutput | undefined
  /** `true` if the reader asked for the output and it is large. Then it takes a read of its own. */
  largeOutput?: boolean
  /**
   * When the job was read, by the store's clock. Compare the other times with it, and not with the clock of this
   * process, which may be wrong.
   */
  readAt: number
}

/** An output as the store has it. */
export interface StoredOutput {
  /** JSON. */
  text: string
  /** Whether a worker of this package stored it. Such a worker checks the output first. Others may store anything. */
  checked: boolean
}

/** A value that is stored under a job's key, but is no job. Somebody else damaged the job, or uses the key. */
export interface UnreadableJob {
  state: 'unreadable'
  /** For the log. */
  reason: string
}

/** Returns the stored job. Treats a record that is no job like a missing one. */
export function readable (record: StoredJob | UnreadableJob | undefined): StoredJob | undefined {
  return record?.state === 'unreadable' ? undefined : record
}

/** The options of a stored job that `toJob` and deadlines depend on. */
export interface StoredJobOptions {
  attempts?: number | undefined
  delay?: number | undefined
  removeOnComplete?: unknown
  removeOnFail?: unknown
  /** An option of this package, in seconds. */
  startBy?: number | undefined
  /** An option of this package: the hash of the input, if the job was submitted with an idempotency key. */
  inputHash?: string | undefined
}

/** Reads the options of a stored job. Others may have stored the job, so every field may be missing or wrong. */
export function toStoredOptions (stored: unknown): StoredJobOptions {
  const { attempts, delay, removeOnComplete, removeOnFail, startBy, inputHash } = Object(stored) as Record<string, unknown>
  return { attempts: toNumber(attempts), delay: toNumber(delay), removeOnComplete, removeOnFail, startBy: toNumber(startBy), ...(typeof inputHash === 'string' && { inputHash }) }
}

function toNumber (value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}
