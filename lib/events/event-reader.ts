import { setTimeout as sleep } from 'node:timers/promises'
import type { JobLogger } from '../../types/processor.js'
import { EVENTS_KEPT, type Engine, type QueueEvent } from '../engine/engine.js'
import { withoutCommand } from '../base/errors.js'
import { jitter } from '../base/timer.js'

/** How long to wait after a read that failed, in ms at most. */
const RETRY_DELAY = 250

/** How long the store may take to let go of the reader, in ms: one that is frozen does not. */
const CLOSE_TIMEOUT = 1_000

/** What a reader of events tells. */
export interface EventListener {
  onEvent (event: QueueEvent): void
  /** Events may have been missed: what they would have told must be looked up. */
  onGap (): void
}

/** Something that runs until it is closed. */
export interface Running {
  /** Resolves in bounded time, also while the store is away. */
  close (): Promise<void>
}

/**
 * Reads the events of a queue, from the one after `start` on, until it is closed. It survives whatever
 * happens to the store: it goes on after the last event it has read.
 */
export function readEvents (engine: Engine, queueName: string, start: string, log: Pick<JobLogger, 'warn'>, { onEvent, onGap }: EventListener): Running {
  const source = engine.openEvents(queueName, onGap)
  const closing = new AbortController()
  const run = async (): Promise<void> => {
    let last = start
    let told = false
    while (!closing.signal.aborted) {
      try {
        const events = await source.read(last)
        told = false
        for (const event of events) {
          last = event.id
          onEvent(event)
        }
        // So far behind, the oldest of them may have been deleted before they were read.
        if (events.length >= EVENTS_KEPT) onGap()
      } catch (error) {
        if (closing.signal.aborted) return
        if (!engine.noteFailure(error) && engine.available && !told) {
          log.warn({ err: withoutCommand(error), queue: queueName }, 'Events could not be read: trying again')
          told = true
        }
        onGap()
        await sleep(jitter(RETRY_DELAY), undefined, { signal: closing.signal }).catch(() => {})
      }
    }
  }
  const running = run()
  let closed: Promise<void> | undefined
  return {
    close: () => {
      closed ??= (async () => {
        closing.abort()
        const over = new AbortController()
        const ended = Promise.all([source.close(), running]).finally(() => { over.abort() })
        await Promise.race([ended, sleep(CLOSE_TIMEOUT, undefined, { signal: over.signal }).catch(() => {})])
      })()
      return closed
    }
  }
}
