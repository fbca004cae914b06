import { isJobNotFoundError, isJobsClientError, type JobEvent, type Transport, type WatchEvent } from 'fastify-async-jobs/client'
import type { Choice, Client } from './api.js'

export interface Following {
  api: (choice: Choice) => Client
  choice: Choice
  /** The job that is shown. It is followed with its output, in the way that the visitor has chosen. */
  shown: { id: string, after: string | undefined } | undefined
  /** The other jobs that are not final. */
  others: string[]
  signal: AbortSignal
  onEvent: (event: WatchEvent) => void
  onTransport: (transport: Transport) => void
  /** Called when the server is away, or in trouble. No further event comes. */
  onLost: (error: unknown) => void
  /** Asks whether the server is there. */
  check: () => void
}

/**
 * How often to ask whether the server is there, in ms. A socket connects again by itself, but does not tell that the
 * server is away.
 */
const CHECK_INTERVAL = 3_000

/**
 * Follows jobs until the signal aborts. A browser opens at most six connections to a server, and lets all other
 * requests wait. So only the job that is shown has a connection of its own, and the others are polled. A WebSocket does
 * not count as one of the six, so it follows all jobs.
 */
export function follow ({ api, choice, shown, others, signal, onEvent, onTransport, onLost, check }: Following): void {
  const tell = async (events: AsyncIterable<WatchEvent>, jobId?: string): Promise<void> => {
    try {
      for await (const event of events) {
        if (signal.aborted) return
        if (event.type === 'error' && !isJobNotFoundError(event.error)) onLost(event.error)
        else onEvent(event)
      }
    } catch (error) {
      if (signal.aborted) return
      // A fault of this page is not the server's.
      if (!isJobsClientError(error)) throw error
      if (jobId !== undefined && isJobNotFoundError(error)) onEvent({ type: 'error', jobId, error })
      else onLost(error)
    }
  }
  const one = (id: string, events: AsyncIterable<JobEvent>): void => { void tell(events, id) }

  if (choice === 'websocket') {
    const ids = [...shown === undefined ? [] : [shown.id], ...others]
    if (ids.length === 0) return
    const timer = setInterval(check, CHECK_INTERVAL)
    const stop = (): void => { clearInterval(timer) }
    signal.addEventListener('abort', stop)
    void tell(api(choice).watch(ids, { signal, onTransport })).then(stop)
    return
  }
  if (shown !== undefined) one(shown.id, api(choice).job(shown.id).events({ after: shown.after, signal, onTransport }))
  for (const id of others) one(id, api('poll').job(id).events({ signal }))
}
