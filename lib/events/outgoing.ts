import { deliverPieces } from './deliver.js'

/** The part of a WebSocket that sending needs. */
export interface OutgoingSocket {
  /**
   * Sends a message, or the next fragment of one (RFC 6455, section 5.4).
   * @param left called when it has left the process
   */
  send (piece: Buffer, fragment: { fin: boolean, binary: false }, left: (error?: Error) => void): void
  terminate (): void
}

/** Sends messages over one WebSocket: one after the other, and a long one in pieces. */
export interface Outgoing {
  /**
   * Sends a message. Resolves when it has left, or never will.
   * @param wanted aborts when nobody wants the message any more. It is then not sent, unless it has begun to leave.
   */
  send (message: object, wanted?: AbortSignal): Promise<void>
  /** How many bytes have left. */
  readonly sent: number
  /** How many characters wait to leave in messages without `wanted`, or whose `wanted` has aborted. */
  readonly unwanted: number
  /** Call it when the connection is closed: no further message is sent. */
  end (): void
}

/** Makes the sender of one WebSocket. It disconnects a client that does not read. */
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
