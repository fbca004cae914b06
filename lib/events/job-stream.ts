import { setTimeout as sleep } from 'node:timers/promises'
import type { Job, JobEvent } from '../../types/job.js'
import { StoreUnavailableError } from '../base/errors.js'
import { fingerprint, fromEventId, toEventId, type Position } from './event-id.js'
import type { JobEvents } from './job-events.js'
import type { Chunks, Found, JobQueue } from '../queue/job-queue.js'
import { isFinal, statusOf } from '../job/state.js'
import type { StoredJob } from '../job/stored-job.js'
import { jitter } from '../base/timer.js'

/** How long to wait before chunks are read again after a read has failed, in ms at most. */
const RETRY_DELAY = 250

export interface StreamOptions {
  /** The id of the last event that the watcher got. Undefined: it gets everything. */
  after: string | undefined
  /** Ends the stream. */
  signal: AbortSignal
  /** Makes the job as the watcher sees it. */
  view (stored: StoredJob): Job
  /** Takes the job from what was found. @throws if there is no such job */
  require (found: Found): StoredJob
}

/**
 * The events of a job for one watcher. The watcher asks for each event: a slow one holds up nobody else, and nothing is
 * kept for it.
 */
export type JobStream = AsyncGenerator<JobEvent, void, void>

/**
 * Opens the stream of a job's events.
 * @returns undefined if the watcher has seen everything and nothing more will come
 * @throws what `options.require` throws; `STORE_UNAVAILABLE` if the first read of the job fails
 */
export async function openJobStream (events: JobEvents, queue: JobQueue, jobId: string, options: StreamOptions): Promise<JobStream | undefined> {
  const states = events.follow(jobId, options.signal)
  try {
    const first = await states.next()
    const found = first.done ? undefined : options.require(first.value)
    const position = found && fromEventId(jobId, options.after, found)
    if (found === undefined || position === undefined || isComplete(found, position)) {
      await states.return()
      return undefined
    }
    return stream(states, found, position, queue, jobId, options)
  } catch (error) {
    await states.return()
    throw error
  }
}

function isComplete (stored: StoredJob, { chunks, seen }: Position): boolean {
  return isFinal(statusOf(stored)) && chunks === stored.logs && seen === fingerprint(stored)
}

async function * stream (
  states: AsyncGenerator<Found, void, void>, first: StoredJob, { chunks, seen }: Position, queue: JobQueue, jobId: string, { signal, view, require }: StreamOptions
): JobStream {
  const change = function * (stored: StoredJob): Generator<JobEvent, void, void> {
    const now = fingerprint(stored)
    if (now === seen) return
    seen = now
    yield { type: 'job', id: toEventId(jobId, { chunks, seen }), job: view(stored) }
  }
  const output = async function * (stored: StoredJob): JobStream {
    while (chunks < stored.logs) {
      const from = chunks
      const page = await readChunks(queue, jobId, from, signal)
      for (const { index, run, data } of page.chunks) {
        chunks = index + 1
        yield { type: 'output', id: toEventId(jobId, { chunks, seen }), jobId, index, run, data }
      }
      // No more rows: the job is gone, or somebody cleared its log.
      if (page.next === from) return
      chunks = page.next
    }
  }
  try {
    for (let stored: StoredJob | undefined = first; stored !== undefined;) {
      // Tell a final state after all output. A job stores its output before it becomes final.
      const final = isFinal(statusOf(stored))
      if (!final) yield * change(stored)
      yield * output(stored)
      if (final) return yield * change(stored)
      const next = await states.next()
      stored = next.done ? undefined : require(next.value)
    }
  } finally {
    await states.return()
  }
}

/** Reads chunks, and tries again while the store is away: a short outage does not end the stream. */
async function readChunks (queue: JobQueue, jobId: string, from: number, signal: AbortSignal): Promise<Chunks> {
  for (;;) {
    try {
      return await queue.readChunks(jobId, from)
    } catch (error) {
      if (signal.aborted || !(error instanceof StoreUnavailableError)) throw error
      await sleep(jitter(RETRY_DELAY), undefined, { signal }).catch(() => {})
    }
  }
}
