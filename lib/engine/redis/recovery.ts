import type { Cluster, Redis } from 'ioredis'
import { startLoopTimer } from '../loop-timer.js'

/** How long a connection may take to be made anew, in ms, before that is an outage: as long as a request waits. */
const RECONNECT_TIME = 900

/** A connection that somebody closes, as idle timeouts of proxies and administrators do, is made anew at once: no outage yet. */
export interface Recovery {
  /** Whether a connection that is closed now is made anew. False where there was none since an outage became known. */
  readonly expected: boolean
  /** Resolves when the connection is there again, or is not so soon; at once where none was lost. */
  wait (): Promise<void>
  /** Ends the waiting: an outage is known. */
  end (): void
  /** Nothing is waited for from now on: we close the connection ourselves. */
  close (): void
}

/** @param onLong hears that it takes too long */
export function watchRecovery (client: Redis | Cluster, onLong: () => void): Recovery {
  let connected = false
  let over: Promise<void> | undefined
  let end = (): void => {}
  let closed = false

  const begin = (): void => {
    over = new Promise(resolve => {
      const stop = startLoopTimer(RECONNECT_TIME, onLong)
      end = () => {
        stop()
        over = undefined
        resolve()
      }
    })
  }
  client.on('ready', () => {
    connected = true
    end()
  })
  client.on('close', () => {
    if (connected && !closed) begin()
    connected = false
  })

  return {
    get expected () { return connected || over !== undefined },
    wait: async () => { await over },
    end: () => { end() },
    close () {
      closed = true
      end()
    }
  }
}

/** What ioredis says of a command whose connection was closed before the answer, or is not there yet. */
const INTERRUPTED = /^(?:Connection is closed|Stream isn't writeable|Cluster isn't ready|Reached the max retries per request limit|Command aborted due to connection close)/

/** What the system says of a connection that the other side has closed. */
const CLOSED = ['ECONNRESET', 'EPIPE']

/** Whether a connection was closed: the Redis may have done what it was asked. */
export function isInterrupted (error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return INTERRUPTED.test(error.message) || ('code' in error && CLOSED.includes(String(error.code)))
}
