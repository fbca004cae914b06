import type { Cluster, Redis } from 'ioredis'
import { RedisTooOldError } from '../../base/errors.js'
import type { EngineLog } from '../engine.js'

type Callback = (error: Error | null, text?: unknown) => void

/** What a Redis says of itself. ioredis asks with a callback whether it is ready, all others for a promise. */
type Info = (...args: unknown[]) => Promise<unknown>

const POLICY = /^maxmemory_policy:(?!noeviction)(\S+)\r?\n?/m

/** Before 6.2. */
const TOO_OLD = /^redis_version:([0-5]\.\S*|6\.[01]\.\S*)/m

/**
 * Hears what a Redis says of itself, whichever of the clients asks, and whoever asks it: refuses one that is too
 * old, and warns once where keys are evicted. ioredis and BullMQ would say so for each connection, on the console.
 * @returns what each client is given to, before BullMQ has it
 */
export function hearInfo (log: EngineLog): (client: Redis | Cluster) => void {
  let told = false
  const hear = (text: unknown): unknown => {
    if (typeof text !== 'string') return text
    const [, version] = TOO_OLD.exec(text) ?? []
    if (version !== undefined) throw new RedisTooOldError(version)
    const [, policy] = POLICY.exec(text) ?? []
    if (policy !== undefined && !told) {
      told = true
      log.warn({ policy }, `Redis evicts keys when its memory is full (maxmemory-policy ${policy}): jobs would be lost. Set maxmemory-policy noeviction`)
    }
    return text.replace(POLICY, '')
  }
  return client => {
    const info = client.info.bind(client) as Info
    const heard: Info = async (...args) => {
      const callback = args.at(-1)
      if (typeof callback !== 'function') return hear(await info(...args))
      // A user who may not ask finds out by what is asked next. ioredis would say so, and that it goes on, on the console.
      return await info((error: Error | null, text: unknown) => { (callback as Callback)(isForbidden(error) ? null : error, isForbidden(error) ? '' : text) })
    }
    client.info = heard as typeof client.info & never
  }
}

function isForbidden (error: Error | null): boolean {
  return error !== null && error.message.startsWith('NOPERM ')
}
