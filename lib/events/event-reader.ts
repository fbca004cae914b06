import { setTimeout as sleep } from 'node:timers/promises'
import type { JobLogger } from '../../types/processor.js'
import { EVENTS_KEPT, type Engine, type QueueEvent } from '../engine/engine.js'
import { withoutCommand } from '../base/errors.js'
import { jitter } from '../base/timer.js'

/** How long to wait after a read that failed, in ms at most. */
const RETRY_DELAY = 250

/** How long closing waits for the store, in ms. A frozen store never answers. */
const CLOSE_TIMEOUT = 1_000

/** What a reader of events calls. */
export interface EventListener {
  onEvent (event: QueueEvent): void
  /** Called when events may have been missed. Look up what they would have told. */
  onGap (): void
}

/** Something that runs until it is closed. */
export interface Running {
  /** Ends it. Resolves in bounded time, even while the store is away. */
  close (): Promise<void>
}

/**
 * Reads the events of a queue, beginning with the one after `start`, until it is closed. If the store fails, it tries
 * again, and goes on after the last event that it has read.
 * @param start the id of an event
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
        // The reader is far behind: the store may have deleted events before they were read.
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
