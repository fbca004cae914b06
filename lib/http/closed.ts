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
