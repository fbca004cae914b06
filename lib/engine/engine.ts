import type { Processor, Queue, Worker, WorkerOptions } from 'bullmq'
import type { StoredJob } from '../stored-job.js'

/** What an engine is: BullMQ bound to one store, and the one read that BullMQ has no cheap call for. */
export interface Engine {
  readonly kind: 'redis' | 'postgres' | 'embedded'
  /** Whether the store can be asked right now. While it cannot, callers answer 503 instead of waiting. */
  readonly available: boolean
  /** The queue of a name, for submitting; the same one each time, as long as it works: do not keep it. The engine closes it. */
  openQueue (name: string): Queue
  /**
   * Opens a worker that does not run yet, on connections of its own which wait out an absent store.
   * Whoever opens it closes it, before the engine.
   */
  openWorker (name: string, processor: Processor, options: Omit<WorkerOptions, 'connection'>): EngineWorker
  /**
   * Reads a job in one atomic round trip, whose cost depends neither on the length of the queue
   * nor on the size of the input (nor of the output, unless it is asked for).
   */
  readJob (queueName: string, jobId: string, withOutput: boolean): Promise<StoredJob | undefined>
  /** Closes what the engine opened, in bounded time. */
  close (): Promise<void>
}

/** A BullMQ worker, and how to cut its connections: closing it waits for a store that is away. */
export interface EngineWorker {
  readonly worker: Worker
  /** Lets go of the worker's connections for good. Closing it then ends within seconds, whether the store is there or not. */
  disconnect (): void
}

/** The part of a logger that engines use. */
export interface EngineLog {
  warn (fields: object, message: string): void
  info (fields: object, message: string): void
}
