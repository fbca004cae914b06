import { TooManyConnectionsError, withDetails } from '../base/errors.js'
import type { Caller } from '../api/operations.js'

/** Counts what each owner holds open in this process: event streams, WebSockets and waiting requests. */
export interface Connections {
  /**
   * Counts a connection. Callers without an owner are not counted.
   * @returns is to be called when it is closed
   * @throws `TOO_MANY_CONNECTIONS`
   */
  take (caller: Caller): () => void
}

/** When to come again, in seconds: nobody knows when the owner closes something. */
const RETRY_AFTER = 1

/** @param max how many one owner may hold */
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
