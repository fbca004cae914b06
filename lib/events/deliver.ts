/** How long a client may take to read what was sent, in ms, before its connection is closed. */
const PATIENCE = 15_000

/** Bytes that a client has to read in that time: who reads at all goes on, however much there is. */
export const PIECE = 65_536

/** Whether something has left this process, its client has gone, or does not read. */
export type Delivery = 'sent' | 'gone' | 'stuck'

/**
 * Sends bytes piece by piece, each when the one before has left: a slow client has its time anew for each.
 * @param send resolves when the piece has left, rejects where the client has gone
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
 * Waits until something that was sent has left the process. Whoever sends only then keeps no more in memory
 * than one event for a client that reads slowly, or not at all.
 * @param leaving may never settle where the client went away
 * @returns `gone` where the signal aborted first, `stuck` where the client does not read
 */
export async function deliver (leaving: Promise<void>, gone: AbortSignal): Promise<Delivery> {
  // First of all: its failure is expected, and must find a handler.
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
