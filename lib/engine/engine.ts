import type { Processor, Queue, Worker, WorkerOptions } from 'bullmq'
import type { KeptOutcomes } from './kept-outcomes.js'
import type { EndReasons } from '../job/ending.js'
import type { StoredJob, StoredOutput, UnreadableJob } from '../job/stored-job.js'

/** An engine: BullMQ bound to one store. */
export interface Engine extends Omit<StoreCommands, 'report'> {
  readonly kind: 'redis' | 'postgres' | 'embedded'
  /** Whether the store answers right now. While it does not, callers answer 503 instead of waiting. */
  readonly available: boolean
  /**
   * Tells the engine of a command that failed.
   * @returns true if the engine itself logs the cause, once for all callers. Then the caller logs nothing.
   */
  noteFailure (error: unknown): boolean
  /**
   * If the connection was closed, waits until it is open again: up to a second. Returns at once if an outage is known.
   */
  ready (): Promise<void>
  /**
   * Whether a command failed because its connection was closed, so that the caller may send it again. The store may
   * have run the command already. Repeating does no harm: all commands of callers have the same effect when they are
   * repeated, and a job whose id exists is not added again.
   */
  wasInterrupted (error: unknown): boolean
  /**
   * The queue with this name, for submitting jobs. Each call returns the same queue as long as that works; a queue that
   * failed to start is replaced. So ask for it each time, do not keep it. The engine closes it.
   */
  openQueue (name: string): Queue
  /**
   * Opens a worker that does not run yet. It has connections of its own, and waits while the store is away. The
   * processor must return an output that is already checked: the worker marks it as checked when it stores it.
   * Whoever opens the worker closes it, before the engine.
   * @param outcomes keeps the outcomes of the worker's attempts while the store does not take them
   */
  openWorker (name: string, processor: Processor, options: Omit<WorkerOptions, 'connection'>, outcomes?: Pick<KeptOutcomes, 'keep'>): EngineWorker
  /**
   * Opens a reader of a queue's events, with a connection of its own. While the store is away, a read waits on Redis,
   * and rejects on PostgreSQL.
   * Whoever opens the reader closes it, before the engine.
   * @param onReconnect called on Redis when a lost connection is back: the store may have dropped events meanwhile
   */
  openEvents (queueName: string, onReconnect: () => void): EngineEvents
  /** Closes all that the engine opened, except workers and readers, in bounded time. */
  close (): Promise<void>
}

/** The commands that BullMQ does not have, for any store. */
export interface StoreCommands {
  /** The time of the store's clock, in ms since the epoch. It is the only clock that all processes share. */
  now (): Promise<number>
  /** The id of a queue's latest event. A reader that starts after this id misses no later event. */
  latestEvent (queueName: string): Promise<string>
  /** Deletes a queue's events that are older than `age` ms. Events of completed jobs hold whole outputs. */
  trimEvents (queueName: string, age: number): Promise<void>
  /**
   * Reads a job in one atomic round trip. Its cost does not depend on the length of the queue, nor on the size of the
   * job's input and output. Nor does it depend on the size of a failure reason or progress that somebody else stored.
   * @param withOutput whether to read the output as well, if it is small
   * @param owner if given, reads the job only if it belongs to this owner. Reading the job of another owner takes as
   * long as finding no job, so that a client cannot tell the two apart.
   * @returns undefined if there is no such job, or it belongs to another owner
   */
  readJob (queueName: string, jobId: string, withOutput: boolean, owner?: string): Promise<StoredJob | UnreadableJob | undefined>
  /**
   * Reads rows of a job's log from the index `from` on: at most `LOG_PAGE` rows and about `PAGE_BYTES`, but at least
   * one row if there is one.
   */
  readLogs (queueName: string, jobId: string, from: number): Promise<string[]>
  /** The output of a completed job; undefined if there is none. */
  readOutput (queueName: string, jobId: string): Promise<StoredOutput | undefined>
  /**
   * Finds final jobs that outlived the retention they were stored with, at most `EXPIRED_PAGE` of them. A job without
   * retention never expires.
   * @param age finds only jobs that ended at least so many ms ago
   */
  findExpired (queueName: string, state: 'completed' | 'failed', age: number): Promise<string[]>
  /**
   * Ends a job as failed, atomically, unless it is final. The job leaves every list that it is in, and the worker that
   * runs it loses its lock. An event in `stopsOf(queueName)` tells that worker.
   * Without `reasons.running`, a job that runs is left alone.
   */
  endJob (queueName: string, jobId: string, reasons: EndReasons): Promise<void>
  /**
   * Stores a running job's progress and partial output, atomically. Repeating it has no further effect on the job.
   * @returns whether the job still runs under this lock; if not, nothing was stored
   */
  report (queueName: string, jobId: string, token: string, report: JobReport): Promise<boolean>
}

/**
 * The name of the queue through which workers learn that one of their jobs was ended by somebody else. It holds events
 * only, and no job may have its name.
 */
export function stopsOf (queueName: string): string {
  return `${queueName}@stops`
}

/**
 * How many events a queue keeps. A watcher that falls further behind reads the state of the job instead. The fewer
 * events are kept, the fewer outputs of removed jobs they hold.
 */
export const EVENTS_KEPT = 1_000

/** How many jobs one command examines when it looks for expired ones. So many do not hold up the store. */
export const EXPIRED_PAGE = 1_000

/** The job options in which BullMQ stores the retention, for completed and for failed jobs. */
export const RETENTION_OPTION = { completed: 'removeOnComplete', failed: 'removeOnFail' } as const

/** How many rows of a log are read at a time. */
export const LOG_PAGE = 100

/** How many bytes of a log are read at a time. For each slow watcher, one such page stays in memory. */
export const PAGE_BYTES = 262_144

/**
 * The longest failure reason and the largest progress that are read, in bytes. This package stores less. Each status
 * answer would have to wait for a larger one.
 */
export const LONGEST_TEXT = 65_536

/** The size up to which an output counts as small, in bytes. */
export const SMALL_OUTPUT = 32_768

/** An event of a queue. */
export interface QueueEvent {
  id: string
  /** BullMQ's name of the event, or `output` or `stop`, which this package adds. */
  event: string
  /** Undefined in events about the whole queue. */
  jobId?: string | undefined
}

/** A reader of a queue's events. */
export interface EngineEvents {
  /**
   * Reads the next events after the one with this id. Waits for one if there is none yet, for seconds on Redis and for
   * less than a second on PostgreSQL, and then returns an empty list.
   * On PostgreSQL the order of ids is not the order of commits, so `after` has no effect there: the first call returns
   * all events that are kept, each further call those that no call has returned.
   */
  read (after: string): Promise<QueueEvent[]>
  /** Closes the connection, whether or not the store is there. A read that waits then ends. */
  close (): Promise<void>
}

/**
 * A BullMQ worker, with the commands that its jobs need on the worker's own connection. While the store is away, these
 * commands wait on Redis, and fail within seconds on PostgreSQL. Closing the worker waits for the store, too:
 * `disconnect` ends that.
 */
export interface EngineWorker extends Pick<StoreCommands, 'report' | 'readJob' | 'now'> {
  readonly worker: Worker
  /**
   * Closes the worker's connections for good. Closing the worker then ends within seconds, whether or not the store is
   * there.
   */
  disconnect (): void
}

/** What a running job reports: its progress and rows of partial output. */
export interface JobReport {
  /** The progress as BullMQ stores it; undefined: unchanged. */
  progress: unknown
  /** The index in the job's log at which the first of `rows` goes. */
  from: number
  rows: string[]
}

/** The part of a logger that engines use. */
export interface EngineLog {
  warn (fields: object, message: string): void
  info (fields: object, message: string): void
}
