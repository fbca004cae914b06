import type { Cluster, Redis } from 'ioredis'

/** How long a Redis may say nothing, in ms, before its connection counts as dead: nobody may have told of the other end. */
export const SILENCE = 5_000

/** How long a worker waits for a job in one command, in s: the other commands of that connection wait with it. */
export const LONGEST_BLOCK = 5

/** The same as `SILENCE` where commands block. */
export const BLOCKING_SILENCE = LONGEST_BLOCK * 1_000 + 2_000

/** How often it is looked whether something has come, in ms. */
const LOOK = 1_000

/**
 * Connects a client anew where Redis says nothing for so long, be it ready or about to be. One that has nothing to say
 * is asked for a sign of life; TCP alone would find a peer that froze or vanished after a quarter of an hour, or never.
 * Looks are counted, not time: while this process stands still it does not look, and between two looks it reads.
 * @param longest the silence, in ms
 */
export function watchSilence (client: Redis | Cluster, longest: number): void {
  if (client.isCluster) client.on('+node', (node: Redis) => { watchNode(node, longest) })
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
      // No command blocks while it is not ready.
      if (silent >= (client.status === 'ready' ? longest : SILENCE)) client.disconnect(true)
      else if (client.status === 'ready' && !asking) void ask()
    }, LOOK)
    stream.once('close', () => { clearInterval(timer) })
  })
}
