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
  /** How many bytes the messages take, about, that wait to leave without `wanted`, or whose `wanted` has aborted. */
  readonly unwanted: number
  /** Call it when the connection is closed: no further message is sent. */
  end (): void
}

/** How many bytes a message that waits takes beside its text, about. */
const WAITING = 512

/** Makes the sender of one WebSocket. It disconnects a client that does not read. */
export function createOutgoing (socket: OutgoingSocket): Outgoing {
  const closed = new AbortController()
  let before = Promise.resolve()
  let sent = 0
  let unwanted = 0

  const sendPiece = async (piece: Buffer, fin: boolean): Promise<void> => {
    await new Promise<void>((resolve, reject) => {
      socket.send(piece, { fin, binary: false }, error => {
        if (error) reject(error)
        else resolve()
      })
    })
    sent += piece.length
  }

  const deliver = async (bytes: Buffer): Promise<void> => {
    if (closed.signal.aborted) return
    const outcome = await deliverPieces(bytes, sendPiece, closed.signal)
    if (outcome === 'stuck') socket.terminate()
    // Each further one would fail, too, and hold up the event that says so.
    if (outcome !== 'sent') closed.abort()
  }

  return {
    send: (message, wanted) => new Promise(resolve => {
      const text = JSON.stringify(message)
      let counted = false
      const giveUp = (): void => {
        counted = true
        unwanted += text.length + WAITING
        resolve()
      }
      if (wanted?.aborted === true) return resolve()
      if (wanted === undefined) giveUp()
      else wanted.addEventListener('abort', giveUp)
      before = before.then(async () => {
        if (wanted?.aborted !== true) await deliver(Buffer.from(text))
        wanted?.removeEventListener('abort', giveUp)
        if (counted) unwanted -= text.length + WAITING
        resolve()
      })
    }),
    get sent () { return sent },
    get unwanted () { return unwanted },
    end () { closed.abort() }
  }
}
