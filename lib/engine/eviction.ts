import type { Cluster, Redis } from 'ioredis'
import type { EngineLog } from './engine.js'

/** What a Redis says of itself. */
type Info = (...args: unknown[]) => Promise<unknown>

const POLICY = /^maxmemory_policy:(?!noeviction)(\S+)\r?\n?/m

/**
 * Warns once where Redis evicts keys, whichever of the clients learns of it. BullMQ would, for each
 * connection, on the console: it is not shown that line any more.
 * @returns what each client is given to, before BullMQ has it
 */
export function warnOfEviction (log: EngineLog): (client: Redis | Cluster) => void {
  let told = false
  return client => {
    const info = client.info.bind(client) as Info
    const quiet: Info = async (...args) => {
      const text = await info(...args)
      if (typeof text !== 'string') return text
      const [, policy] = POLICY.exec(text) ?? []
      if (policy !== undefined && !told) {
        told = true
        log.warn({ policy }, `Redis evicts keys when its memory is full (maxmemory-policy ${policy}): jobs would be lost. Set maxmemory-policy noeviction`)
      }
      return text.replace(POLICY, '')
    }
    client.info = quiet as typeof client.info & never
  }
}
