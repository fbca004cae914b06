import type { Cluster, Redis } from 'ioredis'

/**
 * How long a Redis may send nothing before its connection counts as dead, in ms. The other end may have vanished
 * without a word.
 */
export const SILENCE = 5_000

/** How long a worker waits for a job in one command, in s. The other commands of that connection wait with it. */
export const LONGEST_BLOCK = 5

/** The same as `SILENCE`, for connections whose commands block, in ms. */
export const BLOCKING_SILENCE = LONGEST_BLOCK * 1_000 + 2_000

/** How often the connection is checked for new data, in ms. */
const LOOK = 1_000

/**
 * Connects a client anew if Redis sends nothing for so long, whether the client is ready or about to be. If Redis has
 * nothing to send, a PING asks it for a sign of life. TCP alone would find a peer that froze or vanished after a
 * quarter of an hour, or never.
 * The silence is counted in checks, not in time. While this process stands still it makes no checks, and between two
 * checks it reads.
 * @param longest the longest silence, in ms
 */
export function watchSilence (client: Redis | Cluster, longest: number): void {
  if (client.isCluster) client.on('+node', (node: Redis) => { watchNode(node, longest) })
  // `isCluster` tells the two apart, but TypeScript does not narrow by it.
  else watchNode(client as Redis, longest)
}

function watchNode (client: Redis, longest: number): void {
  client.on('connect', () => {
    const { stream } = client
    let heard = stream.bytesRead
    let silent = 0
    let asking = false

    const ask = async (): Promise<void> => {
      asking = true
      // A refusal is an answer, too.
      await client.ping().catch(() => {})
      asking = false
    }

    const timer = setInterval(() => {
      if (stream.bytesRead !== heard) {
        heard = stream.bytesRead
        silent = 0
        return
      }
      silent += LOOK
      // Before the client is ready, no command blocks, so the shorter limit holds.
      if (silent >= (client.status === 'ready' ? longest : SILENCE)) client.disconnect(true)
      else if (client.status === 'ready' && !asking) void ask()
    }, LOOK)
    stream.once('close', () => { clearInterval(timer) })
  })
}
