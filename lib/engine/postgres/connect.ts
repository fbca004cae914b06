import type { PgPoolClient } from 'bullmq'
import type pg from 'pg'
import type { Client, ClientConfig, QueryConfig } from 'pg'
import { setTimeout as sleep } from 'node:timers/promises'
import type { PostgresPool } from '../../../types/options.js'
import { copyOptions, cut } from './pg-internals.js'

/* How connections to PostgreSQL are made, and how they are closed. */

/** How long a connection may take to close in the orderly way, in ms. A dead connection never does. */
export const END_TIMEOUT = 250

/** How often a connection that only listens is asked for a sign of life, and how long the answer may take, in ms. */
const WATCH_INTERVAL = 4_000
const WATCH_TIMEOUT = 2_000

/**
 * How often a pool that ends checks whether somebody waits for a connection, in ms. Nobody waits for longer than a
 * connection may take to open.
 */
const WAITING_INTERVAL = 10

/** TCP keep-alive: the operating system finds out, too, that the other side is gone. */
const KEEP_ALIVE = { keepAlive: true, keepAliveInitialDelayMillis: 5_000 }

/** How long a connection may take to open, and to answer a statement, in ms. */
export interface Limits {
  connectionTimeoutMillis: number
  query_timeout: number
}

/** A connection that only its opener uses. Releasing it closes it. */
export type PostgresClient = PgPoolClient & { readonly processID: number | null }

/** A pool of connections that all callers share. */
export interface Connections {
  query (text: string, params: readonly unknown[] | undefined): Promise<{ rows: unknown[] }>
  /** Accepts no further statements. After `patience` ms, those that still run fail, as their connections are cut. */
  close (patience: number): Promise<void>
}

/** Makes connections with the same settings and the same schema. */
export interface Connect {
  pool (limits: Limits): Connections
  /**
   * Opens a connection for one user. Set `watch` for a connection that only listens: it is then asked for a sign of
   * life now and then, and cut if none comes. Default: false.
   */
  client (limits: Limits, watch?: boolean): Promise<PostgresClient>
}

/** @param schema the name of a schema; it must be safe in double quotes */
export function connectWith ({ Client: Base, Pool }: Pick<typeof pg, 'Client' | 'Pool'>, connection: string | PostgresPool, schema: string): Connect {
  const settings = typeof connection === 'string' ? { connectionString: connection } : copyOptions(connection)
  // The user's pool may have a class of clients of its own.
  const SchemaClient = inSchema((settings as { Client?: typeof Client }).Client ?? Base, schema)

  return {
    pool (limits) {
      const clients = new Set<Client>()
      const pool = new Pool({
        ...settings,
        ...KEEP_ALIVE,
        ...limits,
        Client: class extends SchemaClient {
          constructor (config?: string | ClientConfig) {
            super(config)
            clients.add(this)
            this.once('end', () => { clients.delete(this) })
          }
        }
      })
      // The pool replaces an idle connection that was closed. An error of a connection in use also fails its statement.
      pool.on('error', () => {})
      let ended: Promise<void> | undefined
      const end = async (): Promise<void> => {
        // A pool that ends forgets the callers that wait for a connection.
        while (pool.waitingCount > 0) await sleep(WAITING_INTERVAL)
        await pool.end()
      }
      return {
        // The types of `pg` take no readonly arrays.
        query: (text, params) => pool.query(text, params as unknown[] | undefined),
        async close (patience) {
          await within(patience, ended ??= end())
          for (const client of clients) cut(client)
        }
      }
    },

    async client (limits, watch = false) {
      const client = new SchemaClient({ ...settings, ...KEEP_ALIVE, ...limits })
      await client.connect()
      // The types of `pg` do not know that a single query may have a `query_timeout`.
      const asking = watch ? setInterval(() => { client.query({ text: 'SELECT 1', query_timeout: WATCH_TIMEOUT } as QueryConfig).catch(() => { cut(client) }) }, WATCH_INTERVAL) : undefined
      client.once('end', () => { clearInterval(asking) })
      const release = async (): Promise<void> => {
        // BullMQ has removed all listeners, including the one for errors. Without one, an error would end the process.
        client.on('error', () => {})
        clearInterval(asking)
        await within(END_TIMEOUT, client.end())
        cut(client)
      }
      // With `release`, the client is what BullMQ takes for a client of a pool.
      return Object.assign(client as unknown as PostgresClient, { release: () => { void release() } })
    }
  }
}

/**
 * Makes a class of clients whose statements find a schema. Each client sets the schema after it has connected. As a
 * startup parameter, poolers would refuse it, and it would replace what the user has set.
 */
function inSchema (Base: typeof Client, schema: string): typeof Client {
  return class extends Base {
    constructor (config?: string | ClientConfig) {
      super(config)
      // Without a listener, an error of an idle connection would end the process.
      this.on('error', () => {})
    }

    // A pool calls `connect` with a callback.
    override connect (): Promise<Client>
    override connect (callback: Connected): void
    override connect (callback?: Connected): Promise<Client> | void {
      const connected = this.#connect()
      if (callback === undefined) return connected
      // The callback takes null or an error. Its second form also takes the client, which a pool does not use.
      const settled = callback as (error: unknown) => void
      connected.then(() => { settled(null) }, settled)
    }

    async #connect (): Promise<Client> {
      await super.connect()
      try {
        await this.query(`SET search_path TO "${schema}"`)
      } catch (error) {
        cut(this)
        throw error
      }
      return this
    }
  }
}

type Connected = ((error: Error) => void) | ((error: null, client: Client) => void)

/** Waits for a promise for at most `time` ms, and ignores how it settles. */
async function within (time: number, end: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  await Promise.race([end.catch(() => {}), new Promise(resolve => { timer = setTimeout(resolve, time) })])
  clearTimeout(timer)
}
