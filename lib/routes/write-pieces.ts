import type { Writable } from 'node:stream'
import { deliver } from '../events/deliver.js'

/** Bytes that a client has to read in the time that it has for one delivery: who reads at all goes on, however much there is. */
const PIECE = 65_536

/** Writes a text piece by piece, each when the one before has left: a slow client has its time anew for each. */
export async function writePieces (to: Writable, text: string, gone: AbortSignal): ReturnType<typeof deliver> {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += PIECE) {
    const outcome = await deliver(write(to, bytes.subarray(at, at + PIECE)), gone)
    if (outcome !== 'sent') return outcome
  }
  return 'sent'
}

function write (to: Writable, piece: Buffer): Promise<void> {
  return new Promise(resolve => {
    if (to.write(piece)) resolve()
    else to.once('drain', resolve)
  })
}
