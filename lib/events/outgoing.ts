import { deliverPieces } from './deliver.js'

/** What sending needs of a WebSocket. */
export interface OutgoingSocket {
  /**
   * Sends a message, or the next fragment of one (RFC 6455, section 5.4).
   * @param left called when it has left the process
   */
  send (piece: Buffer, fragment: { fin: boolean, binary: false }, left: (error?: Error) => void): void
  terminate (): void
}

/** What goes out over one WebSocket: one message after the other, a long one in pieces. */
export interface Outgoing {
  /**
   * Resolves when the message has left, or never will.
   * @param wanted aborts when nobody waits for the message any more: it stays here, unless it has begun to leave
   */
  send (message: object, wanted?: AbortSignal): Promise<void>
  /** Bytes that have left. */
  readonly sent: number
  /** Characters that wait to leave although nobody waits for them. */
  readonly unwanted: number
  /** The connection is closed. */
  end (): void
}

/** A client that does not read is disconnected. */
export function createOutgoing (socket: OutgoingSocket): Outgoing {
  const closed = new AbortController()
  const waiting = new Set<{ text: string, wanted?: AbortSignal }>()
  let before = Promise.resolve()
  let sent = 0

  const sendPiece = async (piece: Buffer, fin: boolean): Promise<void> => {
    await new Promise<void>((resolve, reject) => {
      socket.send(piece, { fin, binary: false }, error => {
        if (error) reject(error)
        else resolve()
      })
    })
    sent += piece.length
  }

  return {
    send (message, wanted) {
      const entry = { text: JSON.stringify(message), wanted }
      waiting.add(entry)
      before = before.then(async () => {
        const skipped = wanted?.aborted === true || closed.signal.aborted
        if (!skipped && await deliverPieces(Buffer.from(entry.text), sendPiece, closed.signal) === 'stuck') socket.terminate()
        waiting.delete(entry)
      })
      return before
    },
    get sent () { return sent },
    get unwanted () {
      let characters = 0
      for (const { text, wanted } of waiting) if (wanted?.aborted !== false) characters += text.length
      return characters
    },
    end () { closed.abort() }
  }
}
