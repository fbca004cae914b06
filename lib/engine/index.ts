import { DEFAULT_SCHEMA } from 'bullmq'
import type { Connection, PostgresPool, RedisClient, RedisConnectionOptions } from '../../types/options.js'
import { OptionInvalidError } from '../base/errors.js'
import { directoryOf } from './embedded/directory-of.js'
import { openEmbedded } from './embedded/embedded.js'
import type { Engine, EngineLog } from './engine.js'
import { openPostgres } from './postgres/postgres.js'
import { openRedis } from './redis/redis.js'

/** A share in an engine. The engine closes when its last lease is released. */
export interface EngineLease {
  readonly engine: Engine
  /** Calling it again does nothing. */
  release (): Promise<void>
}

interface SharedEngine {
  /** What it is shared by: what was passed as connection, or its owner. */
  readonly key: unknown
  readonly schema: string | undefined
  readonly opening: Promise<Engine>
  leases: number
}

/** The open engines of this process. */
const shared = new Set<SharedEngine>()

/**
 * The engine for a connection. Equal connections share one: the same URL, the same object, and on PostgreSQL the same
 * schema. `memory:` alone is shared only within `owner`, as two apps in one process are strangers.
 * @throws `OPTION_INVALID` where the connection is none we know, or has no schemas; `PEER_MISSING`
 */
export async function leaseEngine (connection: Connection, owner: object, log: EngineLog, schema?: string): Promise<EngineLease> {
  const open = pickEngine(connection, schema)
  const key = connection === 'memory:' ? owner : connection
  const entry = [...shared].find(each => each.key === key && each.schema === schema) ?? { key, schema, opening: open(log), leases: 0 }
  shared.add(entry)
  entry.leases++
  let releasing: Promise<void> | undefined
  const release = async (): Promise<void> => {
    if (--entry.leases > 0) return
    shared.delete(entry)
    const engine = await entry.opening
    await engine.close()
  }
  try {
    return {
      engine: await entry.opening,
      release: () => { releasing ??= release(); return releasing }
    }
  } catch (error) {
    entry.leases--
    shared.delete(entry)
    throw isUrlError(error) ? new OptionInvalidError('options.connection', 'must be a URL. In its user name and password, all but letters and digits is percent-encoded (encodeURIComponent)', 'one that cannot be read') : error
  }
}

/** Parsers of URLs attach what they cannot read to their errors: here, that has a password. */
function isUrlError (error: unknown): boolean {
  return error instanceof URIError || (error instanceof TypeError && 'code' in error && error.code === 'ERR_INVALID_URL')
}

type Opener = (log: EngineLog) => Promise<Engine>

function pickEngine (connection: Connection, schema: string | undefined): Opener {
  const postgres: (connection: string | PostgresPool) => Opener = connection => log => openPostgres(connection, schema ?? DEFAULT_SCHEMA, log)
  if (typeof connection === 'string') {
    const scheme = /^([a-z]+):/.exec(connection)?.[1]
    if (scheme === 'postgres' || scheme === 'postgresql') return postgres(connection)
    if (schema !== undefined) throw noSchema(scheme === undefined ? 'a string' : `${scheme}:`)
    switch (scheme) {
      case 'redis': case 'rediss': return log => openRedis(connection, log)
      case 'memory': return () => openEmbedded(undefined)
      case 'file': {
        const directory = directoryOf(connection)
        return () => openEmbedded(directory)
      }
      // Not shown whole: it may hold a password.
      default: throw new OptionInvalidError('options.connection', 'must begin with redis:, rediss:, postgres:, postgresql:, memory: or file:', scheme === undefined ? 'a string without one of these' : `${scheme}:`)
    }
  }
  if (typeof connection !== 'object' || connection === null) {
    throw new OptionInvalidError('options.connection', 'must be a URL, ioredis options, an ioredis client or a pg.Pool', connection === null ? 'null' : typeof connection)
  }
  if (isPool(connection)) return postgres(connection)
  if (schema !== undefined) throw noSchema('an object for Redis')
  const prefix = keyPrefix(connection)
  if (prefix) {
    throw new OptionInvalidError('options.connection', 'must not set keyPrefix, which BullMQ cannot work with', `keyPrefix '${String(prefix)}'`)
  }
  return log => openRedis(connection, log)
}

function noSchema (connection: string): Error {
  return new OptionInvalidError('options.schema', 'goes with a connection to PostgreSQL: postgres:, postgresql: or a pg.Pool', connection)
}

function isPool (connection: object): connection is PostgresPool {
  return 'query' in connection && 'totalCount' in connection
}

/** A cluster may have one for itself, or for its nodes. */
function keyPrefix (connection: RedisClient | RedisConnectionOptions): unknown {
  const options = 'options' in connection ? connection.options as object : connection
  const nodes = 'redisOptions' in options ? options.redisOptions as { keyPrefix?: unknown } | undefined : undefined
  return ('keyPrefix' in options && options.keyPrefix) || nodes?.keyPrefix
}
