import type { Refusals } from './messages.js'

/**
 * Sends messages, and knows which of them the worker has handled. All runs of a sandbox share one: an answer to a
 * message of an earlier run is not taken for one to the current run.
 */
export interface Post {
  /** @param settled called with the refusals when the worker has handled the message */
  send (toText: (id: number) => string, settled: (refusals: Refusals) => void): void
  /** Call it when the worker has handled a message. */
  done (id: number, refusals: Refusals): void
}

export function createPost (send: (text: string) => void): Post {
  let ids = 0
  const underWay = new Map<number, (refusals: Refusals) => void>()
  return {
    send (toText, settled) {
      const id = ids++
      underWay.set(id, settled)
      send(toText(id))
    },
    done (id, refusals) {
      underWay.get(id)?.(refusals)
      underWay.delete(id)
    }
  }
}
