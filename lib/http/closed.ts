import type { FastifyReply } from 'fastify'

/**
 * Calls `act` when a response is closed: the client has got it, or has hung up. If that happened before, while the
 * app's hooks ran, it calls `act` at once.
 */
export function onClosed ({ raw }: Pick<FastifyReply, 'raw'>, act: () => void): void {
  // With HTTP/2, only the stream knows. It has the same field, but the type of `raw` is that of HTTP/1.
  const { destroyed } = 'stream' in raw ? raw.stream as { destroyed: boolean } : raw
  if (destroyed) act()
  else raw.once('close', act)
}

/** Makes a signal that aborts when the response is closed, or when the service closes and has to answer now. */
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
