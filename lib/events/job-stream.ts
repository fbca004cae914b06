import { setTimeout as sleep } from 'node:timers/promises'
import type { Job, JobEvent } from '../../types/job.js'
import { StoreUnavailableError } from '../base/errors.js'
import { fingerprint, fromEventId, toEventId, type Position } from './event-id.js'
import type { JobEvents } from './job-events.js'
import type { Chunks, Found, JobQueue } from '../queue/job-queue.js'
import { isFinal, statusOf } from '../job/state.js'
import type { StoredJob } from '../job/stored-job.js'
import { jitter } from '../base/timer.js'

/** How soon chunks are read again that could not be read, in ms at most. */
const RETRY_DELAY = 250

export interface StreamOptions {
  /** The id of the last event that the watcher got. */
  after: string | undefined
  /** Ends the stream. */
  signal: AbortSignal
  /** The job as the watcher is to see it. */
  view (stored: StoredJob): Job
  /** The job of what was found. @throws where there is none */
  require (found: Found): StoredJob
}

/** What a watcher of a job gets. It pulls: who reads slowly holds nothing up, and nothing is kept for him. */
export type JobStream = AsyncGenerator<JobEvent, void, void>

/**
 * Opens the stream of a job's events.
 * @returns undefined where the watcher has seen all, and nothing more will come
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
      // The job is gone, or somebody cleared its log.
      if (page.next === from) return
      chunks = page.next
    }
  }
  try {
    for (let stored: StoredJob | undefined = first; stored !== undefined;) {
      // A final job is told last: all that it wrote was stored before.
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

/** A stream need not end because the store is away for a moment. */
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
