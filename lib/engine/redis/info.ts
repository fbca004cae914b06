import type { Cluster, Redis } from 'ioredis'
import { RedisTooOldError } from '../../base/errors.js'
import type { EngineLog } from '../engine.js'

type Callback = (error: Error | null, text?: unknown) => void

/**
 * The method `info` of a client. ioredis itself calls it with a callback, for its ready check. All others use the
 * promise.
 */
type Info = (...args: unknown[]) => Promise<unknown>

const POLICY = /^maxmemory_policy:(?!noeviction)(\S+)\r?\n?/m

/** The versions before 6.2. */
const TOO_OLD = /^redis_version:([0-5]\.\S*|6\.[01]\.\S*)/m

/**
 * Makes a function that watches the answers to INFO of each client. It refuses a Redis that is too old, and warns once
 * if Redis evicts keys. It also hides the eviction from BullMQ, which would warn on the console for each connection.
 * @returns pass each client to it before BullMQ gets the client
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
    // `Info` covers all overloads of the method.
    const info = client.info.bind(client) as Info
    const heard: Info = async (...args) => {
      const callback = args.at(-1)
      if (typeof callback !== 'function') return hear(await info(...args))
      // A user who may not call INFO gets the refusal of the next command. Without the empty answer, ioredis would warn
      // on the console, and go on.
      return await info((error: Error | null, text: unknown) => { (callback as Callback)(isForbidden(error) ? null : error, isForbidden(error) ? '' : text) })
    }
    // `never`, because the assignment must fit the types of `Redis` and of `Cluster`.
    client.info = heard as typeof client.info & never
  }
}

function isForbidden (error: Error | null): boolean {
  return error !== null && error.message.startsWith('NOPERM ')
}
