import { TooManyConnectionsError, withDetails } from '../base/errors.js'
import type { Caller } from '../api/operations.js'

/**
 * Counts the connections of each owner that are open in this process: event streams, WebSockets and waiting requests.
 */
export interface Connections {
  /**
   * Counts a connection. Does not count callers without an owner.
   * @returns a function that you must call once, when the connection is closed
   * @throws `TOO_MANY_CONNECTIONS`
   */
  take (caller: Caller): () => void
}

/** The `Retry-After` of a refusal, in seconds. It is a guess: nobody knows when the owner closes a connection. */
const RETRY_AFTER = 1

/** @param max how many connections one owner may have open */
export function countConnections (max: number): Connections {
  const open = new Map<string, number>()
  return {
    take ({ owner }) {
      if (owner === undefined) return () => {}
      const count = open.get(owner) ?? 0
      if (count >= max) throw withDetails(new TooManyConnectionsError(String(max)), { headers: { 'retry-after': String(RETRY_AFTER) } })
      open.set(owner, count + 1)
      return () => {
        const left = (open.get(owner) as number) - 1
        if (left === 0) open.delete(owner)
        else open.set(owner, left)
      }
    }
  }
}
