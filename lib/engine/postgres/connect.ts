import type { PgPoolClient } from 'bullmq'
import type pg from 'pg'
import type { Client, ClientConfig, QueryConfig } from 'pg'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { PostgresPool } from '../../../types/options.js'

/* How our connections to PostgreSQL are made, and how they are given up. */

/** How long a connection may take to close as the protocol wants it, in ms: one that is dead never does. */
export const END_TIMEOUT = 250

/** How often a connection that only listens is asked for a sign of life, in ms, and how long it may take to give one. */
const WATCH_INTERVAL = 4_000
const WATCH_TIMEOUT = 2_000

/** How often a pool that ends looks whether somebody waits for a connection, in ms. Nobody does for longer than it may take to make one. */
const WAITING_INTERVAL = 10

/** So that the system finds out, too, that the other side is gone. */
const KEEP_ALIVE = { keepAlive: true, keepAliveInitialDelayMillis: 5_000 }

/** How long one may take to connect, and to answer a statement, in ms. */
export interface Limits {
  connectionTimeoutMillis: number
  query_timeout: number
}

/** A connection of one's own; releasing it closes it. */
export type PostgresClient = PgPoolClient & { readonly processID: number | null }

/** Connections that whoever asks takes by turns. */
export interface Connections {
  query (text: string, params: readonly unknown[] | undefined): Promise<{ rows: unknown[] }>
  /** Takes no further questions. Those under way have so many ms until they are cut off. */
  close (patience: number): Promise<void>
}

/** Makes connections with the same settings, all of which see one schema. */
export interface Connect {
  pool (limits: Limits): Connections
  /** A connection of one's own. Where it `watch`es, as who only listens wants it, it is asked now and then, and cut off where it does not answer. */
  client (limits: Limits, watch?: boolean): Promise<PostgresClient>
}

/** @param schema whose name is safe in double quotes */
export function connectWith ({ Client: Base, Pool }: Pick<typeof pg, 'Client' | 'Pool'>, connection: string | PostgresPool, schema: string): Connect {
  const settings = typeof connection === 'string' ? { connectionString: connection } : copyOptions(connection)
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
      // One that is closed while it is idle is replaced when it is needed. Of others, the query that fails tells.
      pool.on('error', () => {})
      let ended: Promise<void> | undefined
      const end = async (): Promise<void> => {
        // A pool that ends forgets who waits for a connection.
        while (pool.waitingCount > 0) await sleep(WAITING_INTERVAL)
        await pool.end()
      }
      return {
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
      const asking = watch ? setInterval(() => { client.query({ text: 'SELECT 1', query_timeout: WATCH_TIMEOUT } as QueryConfig).catch(() => { cut(client) }) }, WATCH_INTERVAL) : undefined
      client.once('end', () => { clearInterval(asking) })
      const release = async (): Promise<void> => {
        // BullMQ has taken all listeners away, that for errors too.
        client.on('error', () => {})
        clearInterval(asking)
        await within(END_TIMEOUT, client.end())
        cut(client)
      }
      return Object.assign(client as unknown as PostgresClient, { release: () => { void release() } })
    }
  }
}

/**
 * Clients whose statements find a schema. It is set after connecting: poolers refuse it as a parameter of the start,
 * and there it would replace what the user has set.
 */
function inSchema (Base: typeof Client, schema: string): typeof Client {
  return class extends Base {
    constructor (config?: string | ClientConfig) {
      super(config)
      // Without a listener, an error of a connection that nobody asks would end the process.
      this.on('error', () => {})
    }

    // A pool calls it with a callback.
    override connect (): Promise<Client>
    override connect (callback: Connected): void
    override connect (callback?: Connected): Promise<Client> | void {
      const connected = this.#connect()
      if (callback === undefined) return connected
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

/** Waits for an end whose outcome is of no interest any more. */
async function within (time: number, end: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  await Promise.race([end.catch(() => {}), new Promise(resolve => { timer = setTimeout(resolve, time) })])
  clearTimeout(timer)
}

/** Its queries fail, and whoever listens hears an error. */
function cut (client: Client): void {
  (client as unknown as { connection: { stream: Socket } }).connection.stream.destroy()
}

/** A pool hides its password from enumeration, so that it does not end in logs. */
function copyOptions (pool: PostgresPool): object {
  const { password } = pool.options as { password?: unknown }
  return password === undefined ? { ...pool.options } : { ...pool.options, password }
}
