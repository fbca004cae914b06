import type { Refusals } from './messages.js'

/** Sends messages of which the worker says when it has done with them. One for all runs of a sandbox: what it says of an earlier run is not taken for the current one's. */
export interface Post {
  /** @param settled called with what was refused of it */
  send (toText: (id: number) => string, settled: (refusals: Refusals) => void): void
  /** The worker has done with a message. */
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
