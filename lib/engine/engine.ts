import type { Processor, Queue, Worker, WorkerOptions } from 'bullmq'
import type { KeptOutcomes } from './kept-outcomes.js'
import type { EndReasons } from '../job/ending.js'
import type { StoredJob, StoredOutput, UnreadableJob } from '../job/stored-job.js'

/** What an engine is: BullMQ bound to one store. */
export interface Engine extends Omit<StoreCommands, 'report'> {
  readonly kind: 'redis' | 'postgres' | 'embedded'
  /** Whether the store can be asked right now. While it cannot, callers answer 503 instead of waiting. */
  readonly available: boolean
  /** Hears of a question that failed. @returns whether the engine itself tells the log, once for all who asked */
  noteFailure (error: unknown): boolean
  /** Waits, where a connection was closed, until it is made anew: up to a second, and not while an outage is known. */
  ready (): Promise<void>
  /**
   * Whether a question failed for a connection that was closed, and may be asked again. The store may have done what it
   * was asked: all that callers ask is the same when it is repeated, and a job with an id that exists is not added.
   */
  wasInterrupted (error: unknown): boolean
  /** The queue of a name, for submitting; the same one each time, as long as it works: do not keep it. The engine closes it. */
  openQueue (name: string): Queue
  /**
   * Opens a worker that does not run yet, on connections of its own which wait out an absent store. It checks its
   * outputs before it returns them: they are stored as checked.
   * Whoever opens it closes it, before the engine.
   * @param outcomes keeps what its attempts end in while the store does not take it
   */
  openWorker (name: string, processor: Processor, options: Omit<WorkerOptions, 'connection'>, outcomes?: Pick<KeptOutcomes, 'keep'>): EngineWorker
  /**
   * Opens a reader of a queue's events, on a connection of its own which waits out an absent store.
   * Whoever opens it closes it, before the engine.
   * @param onReconnect called when a connection is back that was lost: the store may have dropped events meanwhile
   */
  openEvents (queueName: string, onReconnect: () => void): EngineEvents
  /** Closes what the engine opened, in bounded time. */
  close (): Promise<void>
}

/** What BullMQ has no call for, whichever the store. */
export interface StoreCommands {
  /** The store's clock, in ms since the epoch: the only one that all processes share. */
  now (): Promise<number>
  /** The id of a queue's latest event: a reader that starts after it misses nothing from now on. */
  latestEvent (queueName: string): Promise<string>
  /** Deletes events that are older than so many ms: `completed` ones hold whole outputs. */
  trimEvents (queueName: string, age: number): Promise<void>
  /**
   * Reads a job in one atomic round trip, whose cost depends neither on the length of the queue
   * nor on the size of the input, the output and what others stored as reason or progress.
   * @param withOutput whether the output comes along, where it is small
   * @param owner whose the job must be. One of somebody else is left unread, like one that is not there: whoever
   * asks for either must not tell them apart, by the time that it takes neither
   */
  readJob (queueName: string, jobId: string, withOutput: boolean, owner?: string): Promise<StoredJob | UnreadableJob | undefined>
  /** Rows of a job's log, from the index on: one at least where there is one, `LOG_PAGE` and some `PAGE_BYTES` at most. */
  readLogs (queueName: string, jobId: string, from: number): Promise<string[]>
  /** The output of a completed job; undefined where there is none. */
  readOutput (queueName: string, jobId: string): Promise<StoredOutput | undefined>
  /**
   * Finds final jobs that outlived the retention they were stored with, at most `EXPIRED_PAGE` of them. One without
   * retention never does.
   * @param age only those that ended so many ms ago at least
   */
  findExpired (queueName: string, state: 'completed' | 'failed', age: number): Promise<string[]>
  /**
   * Ends a job as failed that is not final, atomically: it leaves whatever list it is in, and whoever
   * runs it has lost its lock. An event in `stopsOf(queueName)` tells the worker.
   */
  endJob (queueName: string, jobId: string, reasons: EndReasons): Promise<void>
  /**
   * Stores what a running job tells. Atomic, and the same when it is repeated.
   * @returns whether the job still runs under this lock; else nothing was stored
   */
  report (queueName: string, jobId: string, token: string, report: JobReport): Promise<boolean>
}

/** The queue, of events only, that tells workers which of their jobs were ended by others. Not a name that a job may have. */
export function stopsOf (queueName: string): string {
  return `${queueName}@stops`
}

/**
 * How many events a queue keeps. Who falls further behind learns the state of a job by reading it; the
 * fewer there are, the fewer outputs of removed jobs they hold.
 */
export const EVENTS_KEPT = 1_000

/** How many jobs are looked at together for those that have expired: so many do not hold up the store. */
export const EXPIRED_PAGE = 1_000

/** The option of a job that BullMQ keeps its retention in, by how the job ended. */
export const RETENTION_OPTION = { completed: 'removeOnComplete', failed: 'removeOnFail' } as const

/** How many rows of a log are read at a time. */
export const LOG_PAGE = 100

/** How many bytes of a log are read at a time: as much is kept in memory for each who watches a job and reads slowly. */
export const PAGE_BYTES = 262_144

/** Up to how many bytes the reason of a failure and a progress are read: we store less, and each status answer would wait for more. */
export const LONGEST_TEXT = 65_536

/** Up to how many bytes an output is small. */
export const SMALL_OUTPUT = 32_768

/** What happened to a job, in BullMQ's terms, or `output`. */
export interface QueueEvent {
  id: string
  event: string
  /** Absent in events about the queue. */
  jobId?: string | undefined
}

export interface EngineEvents {
  /**
   * The next events after the one with this id; none where there are none for some seconds. On PostgreSQL, where ids
   * are not in the order of commits, all that are kept at first, and then those that were not told.
   */
  read (after: string): Promise<QueueEvent[]>
  /** Lets go of the connection, whether the store is there or not. A read that waits then ends. */
  close (): Promise<void>
}

/**
 * A BullMQ worker, what its jobs tell and ask, which waits out an absent store as the worker does, and how to cut its
 * connections: closing it waits for a store that is away.
 */
export interface EngineWorker extends Pick<StoreCommands, 'report' | 'readJob' | 'now'> {
  readonly worker: Worker
  /** Lets go of the worker's connections for good. Closing it then ends within seconds, whether the store is there or not. */
  disconnect (): void
}

/** What a running job tells. */
export interface JobReport {
  /** As BullMQ stores it; undefined: nothing new. */
  progress: unknown
  /** Where in the job's log the rows go. */
  from: number
  rows: string[]
}

/** The part of a logger that engines use. */
export interface EngineLog {
  warn (fields: object, message: string): void
  info (fields: object, message: string): void
}
