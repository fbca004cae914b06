import { isDeepStrictEqual } from 'node:util'
import type { JobDefinition } from '../../types/definition.js'
import type { JobLogger } from '../../types/processor.js'
import type { Engine } from '../engine/engine.js'
import { readEvents, type Running } from './event-reader.js'
import type { Found, JobQueue } from '../queue/job-queue.js'
import { isFinal, startDeadline, statusOf } from '../job/state.js'
import { jitter, startTimer } from '../base/timer.js'

/** How long the reader stays open after the last watcher has gone, in ms. A client that polls comes back at once. */
const LINGER = 10_000

/** How often a watched job is read without an event, in ms. An obliterated queue leaves none, nor does a failover. */
const REFRESH_INTERVAL = 15_000

/** How long to wait before jobs are read again after a read has failed, in ms at most. */
const RETRY_DELAY = 250

/** Tells watchers how jobs change. One reader reads the queue's events for all watchers. */
export interface JobEvents {
  /**
   * Yields the job as it is, and again each time it has changed. Several changes may come as one. It goes on when the
   * job is final, so the caller must stop. It ends when the signal aborts, or when all is closed.
   * @throws `STORE_UNAVAILABLE` if the first read of the job fails
   */
  follow (jobId: string, signal: AbortSignal): AsyncGenerator<Found, void, void>
  /** Whether `close` was called, because the service closes. */
  readonly closed: boolean
  /** Ends all followers, and the reader. */
  close (): Promise<void>
}

/** A watched job. */
interface Feed {
  latest: Found | undefined
  /** Grows with each read that found a change. */
  version: number
  watchers: Set<() => void>
  reading: Promise<void> | undefined
  /** Whether the job has to be read: it may have changed, or the last read failed. */
  stale: boolean
  /** Fires at the time by which the job must have begun. */
  deadline: NodeJS.Timeout | undefined
}

/** Makes the events of one queue. It opens no connection before the first job is watched. */
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
        // Every new watcher causes a read. The other watchers, maybe thousands, know the job already: wake nobody.
        if (same) continue
        feed.version++
        for (const wake of feed.watchers) wake()
      } while (feed.stale)
    } catch (error) {
      feed.stale = true
      throw error
    } finally {
      // Clear it in the turn in which the loop ends, so that a later `update` begins another read.
      feed.reading = undefined
    }
  }

  /** Reads a job. If a read is under way, another one follows it. */
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

  /** Reads the job when its time to begin is over. That read ends the job if it has not begun. */
  const watchDeadline = (jobId: string, feed: Feed): void => {
    clearTimeout(feed.deadline)
    if (feed.latest?.outcome !== 'found' || feed.watchers.size === 0) return
    const { stored } = feed.latest
    const due = startDeadline(stored)
    if (due !== undefined) feed.deadline = startTimer(due - stored.readAt, () => { updateLater(jobId, feed) })
  }

  const openReader = async (): Promise<Running> => {
    // Take the start of the reader before the first read of a job. Then no change between the two is lost.
    const start = await queue.latestEvent()
    return readEvents(engine, name, start, log, {
      onEvent ({ jobId }) {
        const feed = jobId === undefined ? undefined : feeds.get(jobId)
        // `feed` is defined, so `jobId` is.
        if (feed !== undefined && !isOver(feed)) updateLater(jobId as string, feed)
      },
      onGap: updateAll
    })
  }

  const closeReader = async (): Promise<void> => {
    const last = reader
    reader = undefined
    clearTimeout(linger)
    clearTimeout(retry)
    clearInterval(refresh)
    retry = undefined
    await last?.then(running => running.close(), () => {})
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
      // Leave at the abort. The consumer may have gone, and never ask for the next value.
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
        // Read the job again even if another watcher already has it: a client that resumes may have seen newer events
        // on another instance.
        await update(jobId, feed)
        let seen = 0
        while (!signal.aborted && !closing.signal.aborted) {
          if (feed.version > seen) {
            seen = feed.version
            // A read has raised the version, so there is a latest.
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

/** Whether two reads differ in nothing but their time. */
function isSame (found: Found, before: Found | undefined): boolean {
  if (found.outcome !== 'found' || before?.outcome !== 'found') return found.outcome === before?.outcome
  return isDeepStrictEqual({ ...found.stored, readAt: 0 }, { ...before.stored, readAt: 0 })
}

function isOver ({ latest }: Feed): boolean {
  return latest !== undefined && (latest.outcome !== 'found' || isFinal(statusOf(latest.stored)))
}
