import { ConnectionClosedError } from 'bullmq'
import type { Cluster, Redis } from 'ioredis'

/*
 * What this package uses of ioredis that is not its public API. The test beside this file says for each use what has
 * changed, if a version of ioredis changes it.
 */

/**
 * Ends a client at once, and for good. Between two attempts to connect, `disconnect` has no effect on an ioredis client,
 * and BullMQ would wait for its end and for the commands that it has queued. A client that has not begun to connect ends
 * properly, so the function sets that status first.
 */
export function cut (client: Redis | Cluster): void {
  if (client.status === 'reconnecting') client.status = 'wait'
  client.disconnect()
  // BullMQ connects a client again if it finds it ended while it waits for it. That would go on for ever.
  client.connect = async () => { throw new ConnectionClosedError() }
}

type Callback = (error: Error | null, text?: unknown) => void

/**
 * The method `info` of a client. ioredis itself calls it with a callback, for its ready check. All others use the
 * promise.
 */
type Info = (...args: unknown[]) => Promise<unknown>

/**
 * Passes each answer to INFO through `hear`, which returns what the caller gets. An error that `forgive` accepts is an
 * empty answer to the ready check of ioredis.
 */
export function hearInfoOf (client: Redis | Cluster, hear: (text: unknown) => unknown, forgive: (error: Error) => boolean): void {
  // `Info` covers all overloads of the method.
  const info = client.info.bind(client) as Info
  const heard: Info = async (...args) => {
    const callback = args.at(-1)
    if (typeof callback !== 'function') return hear(await info(...args))
    return await info((error: Error | null, text: unknown) => {
      const forgiven = error !== null && forgive(error)
      const reply = callback as Callback
      reply(forgiven ? null : error, forgiven ? '' : text)
    })
  }
  // `never`, because the assignment must fit the types of `Redis` and of `Cluster`.
  client.info = heard as typeof client.info & never
}
