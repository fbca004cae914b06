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
  /** Releases this share. Calling it again does nothing. */
  release (): Promise<void>
}

interface SharedEngine {
  /** What engines are shared by: the value passed as `connection`, or the owner for `memory:`. */
  readonly key: unknown
  readonly schema: string | undefined
  readonly opening: Promise<Engine>
  leases: number
}

/** The open engines of this process. */
const shared = new Set<SharedEngine>()

/**
 * Opens the engine for a connection, or shares one that is open. Connections share an engine if they are the same URL
 * or the same object, and on PostgreSQL have the same schema. `memory:` is shared only within `owner`: two apps in one
 * process have nothing to do with each other.
 * @throws `OPTION_INVALID` if the connection is of no known kind, or has a schema and is not PostgreSQL; `PEER_MISSING`
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

/**
 * Whether an error says that a URL cannot be parsed. The parser attaches the URL to the error, and the URL may hold a
 * password. So this error must not go out.
 */
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
      // The message shows only the scheme, because the URL may hold a password.
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

/** The key prefix of a connection. A cluster may have one of its own, or one for its nodes. */
function keyPrefix (connection: RedisClient | RedisConnectionOptions): unknown {
  const options = 'options' in connection ? connection.options as object : connection
  const nodes = 'redisOptions' in options ? options.redisOptions as { keyPrefix?: unknown } | undefined : undefined
  return ('keyPrefix' in options && options.keyPrefix) || nodes?.keyPrefix
}
