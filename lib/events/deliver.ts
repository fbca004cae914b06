/** How long a client may take to read one piece, in ms, before its connection is closed. */
const PATIENCE = 15_000

/**
 * How many bytes a client has to read in that time. A client that reads at all stays connected, however much there is
 * to read.
 */
export const PIECE = 65_536

/**
 * What became of something that was sent: it has left this process, its client has gone, or its client does not read.
 */
export type Delivery = 'sent' | 'gone' | 'stuck'

/**
 * Sends bytes piece by piece, each after the one before has left. A slow client gets `PATIENCE` ms for each piece.
 * @param send resolves when the piece has left, rejects if the client has gone
 * @param gone aborts when the client has gone
 */
export async function deliverPieces (bytes: Buffer, send: (piece: Buffer, last: boolean) => Promise<void>, gone: AbortSignal): Promise<Delivery> {
  for (let at = 0; at < bytes.length; at += PIECE) {
    const piece = bytes.subarray(at, at + PIECE)
    const outcome = await deliver(send(piece, at + PIECE >= bytes.length), gone)
    if (outcome !== 'sent') return outcome
  }
  return 'sent'
}

/**
 * Waits until something that was sent has left the process. A caller that sends the next event only then keeps no more
 * than one event in memory for a client that reads slowly, or not at all.
 * @param leaving resolves when it has left; may never settle if the client has gone
 * @param gone aborts when the client has gone
 * @returns `gone` if the signal aborted first or `leaving` rejected, `stuck` if the client reads nothing for `PATIENCE`
 * ms
 */
export async function deliver (leaving: Promise<void>, gone: AbortSignal): Promise<Delivery> {
  // This line comes first: `leaving` may reject, and must have a handler by then.
  const sent = leaving.then(() => 'sent' as const, () => 'gone' as const)
  if (gone.aborted) return 'gone'
  return await new Promise(resolve => {
    const settle = (outcome: Delivery): void => {
      gone.removeEventListener('abort', onAbort)
      clearTimeout(timer)
      resolve(outcome)
    }
    const onAbort = (): void => { settle('gone') }
    const timer = setTimeout(() => { settle('stuck') }, PATIENCE)
    gone.addEventListener('abort', onAbort)
    void sent.then(settle)
  })
}
