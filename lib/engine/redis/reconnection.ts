import type { Cluster, Redis } from 'ioredis'
import { startLoopTimer } from '../loop-timer.js'

/** How long a connection may take to come back, in ms. Then it is an outage. A request waits no longer. */
const RECONNECT_TIME = 900

/**
 * Knows whether a closed connection is about to come back. Idle timeouts of proxies and administrators close
 * connections, and ioredis opens them again at once. That is not an outage yet.
 */
export interface Recovery {
  /**
   * Whether a connection that closes now is expected to come back. False if there was no connection since an outage
   * became known.
   */
  readonly expected: boolean
  /** Resolves when the connection is back, or does not come back soon. Resolves at once if none was lost. */
  wait (): Promise<void>
  /** Ends all waits, because an outage is known. */
  end (): void
  /** Ends all waits for good, because this process closes the connection itself. */
  close (): void
}

/** @param onLong called when the connection has not come back in time */
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

/** ioredis's errors for a command whose connection was closed before the answer, or is not open yet. */
const INTERRUPTED = /^(?:Connection is closed|Stream isn't writeable|Cluster isn't ready|Reached the max retries per request limit|Command aborted due to connection close)/

/** The operating system's codes for a connection that the other side has closed. */
const CLOSED = ['ECONNRESET', 'EPIPE']

/** Whether a command failed because its connection was closed. Redis may have run the command. */
export function isInterrupted (error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return INTERRUPTED.test(error.message) || ('code' in error && CLOSED.includes(String(error.code)))
}
