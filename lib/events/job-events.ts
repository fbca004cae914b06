import { isDeepStrictEqual } from 'node:util'
import type { JobDefinition } from '../../types/definition.js'
import type { JobLogger } from '../../types/processor.js'
import type { Engine } from '../engine/engine.js'
import { readEvents, type Running } from './event-reader.js'
import type { Found, JobQueue } from '../queue/job-queue.js'
import { isFinal, startDeadline, statusOf } from '../job/state.js'
import { jitter, startTimer } from '../base/timer.js'

/** How long the reader stays open after the last watcher has gone, in ms: long polls come again at once. */
const LINGER = 10_000

/**
 * How often a watched job is read without an event, in ms. Not everything leaves one: a queue that was
 * obliterated, a store that lost its latest writes in a failover.
 */
const REFRESH_INTERVAL = 15_000

/** How soon jobs are read again that could not be read, in ms at most. */
const RETRY_DELAY = 250

/** Tells of jobs as they change: one reader of the queue's events, fanned out to whoever watches a job. */
export interface JobEvents {
  /**
   * The job as it is, then as it is after it has changed; several changes may come as one. It goes on
   * when the job is final: its reader knows when to stop. Ends when the signal aborts, or all is closed.
   * @throws `STORE_UNAVAILABLE` where the job cannot be read at first
   */
  follow (jobId: string, signal: AbortSignal): AsyncGenerator<Found, void, void>
  /** Whether followers are to go because the service closes. */
  readonly closed: boolean
  /** Ends all followers, and the reader. */
  close (): Promise<void>
}

/** A job that is watched. */
interface Feed {
  latest: Found | undefined
  /** Counts what was read and was new. */
  version: number
  watchers: Set<() => void>
  reading: Promise<void> | undefined
  /** It changed while it was read. */
  stale: boolean
  /** Runs out when the job must have begun. */
  deadline: NodeJS.Timeout | undefined
}

export function openJobEvents (engine: Engine, { name }: Pick<JobDefinition, 'name'>, queue: JobQueue, log: Pick<JobLogger, 'warn'>): JobEvents {
  const feeds = new Map<string, Feed>()
  let reader: Promise<Running> | undefined
  let linger: NodeJS.Timeout | undefined
  let retry: NodeJS.Timeout | undefined
  let refresh: NodeJS.Timeout | undefined
  const closing = new AbortController()

  const read = async (jobId: string, feed: Feed): Promise<void> => {
    try {
      do {
        feed.stale = false
        const found = await queue.read(jobId, false)
        const same = isSame(found, feed.latest)
        feed.latest = found
        watchDeadline(jobId, feed)
        // Every new watcher has it read. The others, who may be thousands, know it already.
        if (same) continue
        feed.version++
        for (const wake of feed.watchers) wake()
      } while (feed.stale)
    } catch (error) {
      feed.stale = true
      throw error
    } finally {
      // At once: whoever asks from now on needs another read.
      feed.reading = undefined
    }
  }

  /** Reads a job; while it is read, once more afterwards. */
  const update = (jobId: string, feed: Feed): Promise<void> => {
    feed.stale = true
    feed.reading ??= read(jobId, feed)
    return feed.reading
  }

  const updateLater = (jobId: string, feed: Feed): void => {
    update(jobId, feed).catch(() => {
      retry ??= setTimeout(() => {
        retry = undefined
        for (const [id, each] of feeds) if (each.stale) updateLater(id, each)
      }, jitter(RETRY_DELAY))
    })
  }

  const updateAll = (): void => { for (const [jobId, feed] of feeds) updateLater(jobId, feed) }

  /** To read a job that was not begun in time is what ends it. */
  const watchDeadline = (jobId: string, feed: Feed): void => {
    clearTimeout(feed.deadline)
    if (feed.latest?.outcome !== 'found' || feed.watchers.size === 0) return
    const { stored } = feed.latest
    const due = startDeadline(stored)
    if (due !== undefined) feed.deadline = startTimer(due - stored.readAt, () => { updateLater(jobId, feed) })
  }

  const openReader = async (): Promise<Running> => {
    // Fixed before the first job is read: what happens after that will be told.
    const start = await queue.latestEvent()
    return readEvents(engine, name, start, log, {
      onEvent ({ jobId }) {
        const feed = jobId === undefined ? undefined : feeds.get(jobId)
        if (feed !== undefined && !isOver(feed)) updateLater(jobId as string, feed)
      },
      onGap: updateAll
    })
  }

  const closeReader = async (): Promise<void> => {
    const closing = reader
    reader = undefined
    clearTimeout(linger)
    clearTimeout(retry)
    clearInterval(refresh)
    retry = undefined
    await closing?.then(running => running.close(), () => {})
  }

  const join = (jobId: string, wake: () => void): Feed => {
    clearTimeout(linger)
    const feed = feeds.get(jobId) ?? { latest: undefined, version: 0, watchers: new Set(), reading: undefined, stale: false, deadline: undefined }
    feeds.set(jobId, feed)
    feed.watchers.add(wake)
    return feed
  }

  const leave = (jobId: string, feed: Feed, wake: () => void): void => {
    if (!feed.watchers.delete(wake) || feed.watchers.size > 0) return
    clearTimeout(feed.deadline)
    feeds.delete(jobId)
    if (feeds.size === 0 && !closing.signal.aborted) linger = setTimeout(() => { void closeReader() }, LINGER)
  }

  return {
    async * follow (jobId, signal) {
      if (closing.signal.aborted || signal.aborted) return
      let wake = (): void => {}
      const onWake = (): void => { wake() }
      const feed = join(jobId, onWake)
      // At the abort, not only when it is asked for more: who has gone may never ask again.
      const onAbort = (): void => {
        leave(jobId, feed, onWake)
        wake()
      }
      try {
        signal.addEventListener('abort', onAbort)
        if (reader === undefined) {
          reader = openReader()
          refresh = setInterval(updateAll, REFRESH_INTERVAL)
          reader.catch(() => { void closeReader() })
        }
        await reader
        // Also where others watch it: who resumes may have been told more elsewhere than they were here.
        await update(jobId, feed)
        let told = 0
        while (!signal.aborted && !closing.signal.aborted) {
          if (feed.version > told) {
            told = feed.version
            yield feed.latest as Found
          } else {
            await new Promise<void>(resolve => { wake = resolve })
          }
        }
      } finally {
        signal.removeEventListener('abort', onAbort)
        leave(jobId, feed, onWake)
      }
    },

    get closed () { return closing.signal.aborted },

    async close () {
      closing.abort()
      for (const { watchers } of feeds.values()) for (const wake of watchers) wake()
      await closeReader()
    }
  }
}

/** Whether nothing has changed but the time. */
function isSame (found: Found, before: Found | undefined): boolean {
  if (found.outcome !== 'found' || before?.outcome !== 'found') return found.outcome === before?.outcome
  return isDeepStrictEqual({ ...found.stored, readAt: 0 }, { ...before.stored, readAt: 0 })
}

function isOver ({ latest }: Feed): boolean {
  return latest !== undefined && (latest.outcome !== 'found' || isFinal(statusOf(latest.stored)))
}
