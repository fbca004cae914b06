import type { FastifyReply } from 'fastify'

/**
 * Calls back when a response is closed: its client has got it, or has hung up. At once where that was before: while
 * the host's hooks ran, nobody here listened.
 */
export function onClosed ({ raw }: Pick<FastifyReply, 'raw'>, act: () => void): void {
  // Of HTTP/2, only the stream tells.
  const { destroyed } = 'stream' in raw ? raw.stream as { destroyed: boolean } : raw
  if (destroyed) act()
  else raw.once('close', act)
}

/** Aborts when the client has hung up (or has got its answer), or is to be answered because the service closes. */
export function goneSignal (reply: FastifyReply, closing: AbortSignal): AbortSignal {
  const gone = new AbortController()
  const leave = (): void => {
    closing.removeEventListener('abort', leave)
    gone.abort()
  }
  if (closing.aborted) leave()
  else closing.addEventListener('abort', leave)
  onClosed(reply, leave)
  return gone.signal
}
