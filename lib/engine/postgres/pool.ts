import { EventEmitter } from 'node:events'
import type { PgPool, PgPoolClient } from 'bullmq'
import { keepNull } from './json-null.js'
import { END_TIMEOUT, type Connect, type Connections, type Limits } from './connect.js'

/**
 * The part of a `pg` pool that BullMQ uses, over connections that can be replaced. Connections that listen are not
 * taken from the pool, so they are available however small the pool is.
 */
export class PostgresPool extends EventEmitter implements PgPool {
  readonly #open: () => Connections
  readonly #limits: Limits
  readonly #connect: Connect
  readonly #noteFailure: (error: unknown) => void
  readonly #clients = new Set<PgPoolClient>()
  readonly #retired = new Set<Connections>()
  #connections: Connections
  #ended: Promise<void> | undefined

  /** @param noteFailure called with the error of each statement and connection that fails */
  constructor (connect: Connect, limits: Limits, noteFailure: (error: unknown) => void) {
    super()
    // Every queue of the service listens to the pool's errors: no limit of listeners.
    this.setMaxListeners(0)
    this.#connect = connect
    this.#limits = limits
    this.#noteFailure = noteFailure
    this.#open = () => connect.pool(limits)
    this.#connections = this.#open()
  }

  async query<Row> (text: string, params?: readonly unknown[]): Promise<{ rows: Row[] }> {
    try {
      // Whoever wrote the statement knows its rows.
      return keepNull(await this.#connections.query(text, params)) as { rows: Row[] }
    } catch (error) {
      this.#noteFailure(error)
      throw error
    }
  }

  async connect (): Promise<PgPoolClient> {
    try {
      const client = await this.#connect.client(this.#limits, true)
      this.#clients.add(client)
      client.on('end', () => { this.#clients.delete(client) })
      if (this.#ended !== undefined) client.release()
      return client
    } catch (error) {
      this.#noteFailure(error)
      throw error
    }
  }

  /**
   * Replaces all connections, because nothing tells which of them are dead. Statements that run get the time of their
   * limits to end.
   */
  renew (): void {
    if (this.#ended !== undefined) return
    const old = this.#connections
    this.#connections = this.#open()
    this.#retired.add(old)
    void old.close(this.#limits.connectionTimeoutMillis + this.#limits.query_timeout).then(() => { this.#retired.delete(old) })
  }

  /** Closes all connections in bounded time. Calling it again does nothing. */
  end (): Promise<void> {
    this.#ended ??= (async () => {
      for (const client of this.#clients) client.release()
      await Promise.all([this.#connections, ...this.#retired].map(connections => connections.close(END_TIMEOUT)))
    })()
    return this.#ended
  }
}
