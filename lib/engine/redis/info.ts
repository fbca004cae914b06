import type { Cluster, Redis } from 'ioredis'
import { RedisTooOldError } from '../../base/errors.js'
import type { EngineLog } from '../engine.js'
import { hearInfoOf } from './ioredis-internals.js'

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
  // A user who may not call INFO gets the refusal of the next command. Without the empty answer, ioredis would warn on
  // the console, and go on.
  return client => { hearInfoOf(client, hear, isForbidden) }
}

function isForbidden (error: Error): boolean {
  return error.message.startsWith('NOPERM ')
}
