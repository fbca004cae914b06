import { EventEmitter } from 'node:events'
import { DEFAULT_SCHEMA, type PgPool, type PgPoolClient } from 'bullmq'
import type { PGlite } from '@electric-sql/pglite'
import type { Engine } from '../engine.js'
import { lockDirectory } from './directory-lock.js'
import { loadPeer } from '../load-peer.js'
import { keepNull } from '../postgres/json-null.js'
import { postgresEngine } from '../postgres/postgres.js'
import { prepareSchema } from '../postgres/schema.js'

/**
 * Opens the embedded engine: PGlite, which is PostgreSQL in this process, under BullMQ's own PostgreSQL backend. It is
 * for development and tests, and for one process only.
 * @param directory where the data lives; undefined: in memory
 * @throws `PEER_MISSING` if PGlite is not installed, `DIRECTORY_IN_USE` if another process uses the directory
 */
export async function openEmbedded (directory: string | undefined): Promise<Engine> {
  const { PGlite } = await loadPeer('@electric-sql/pglite', () => import('@electric-sql/pglite'))
  const unlock = directory === undefined ? undefined : await lockDirectory(directory)
  const db = await open(PGlite, directory).catch(async (error: unknown) => {
    await unlock?.()
    throw error
  })
  const engine = postgresEngine('embedded', {
    pool: new PGlitePool(db),
    openOwnPool: () => new PGlitePool(db),
    started: Promise.resolve(),
    outages: { note: () => false }
  })
  return {
    ...engine,
    async close () {
      await engine.close()
      await db.close()
      await unlock?.()
    }
  }
}

async function open (Database: typeof PGlite, directory: string | undefined): Promise<PGlite> {
  const db = await Database.create(directory)
  await prepareSchema(new PGliteClient(db), DEFAULT_SCHEMA)
  await db.exec(`SET search_path TO ${DEFAULT_SCHEMA}`)
  return db
}

/** The part of a `pg` pool that BullMQ uses. All its clients share PGlite's only session. */
class PGlitePool extends EventEmitter implements PgPool {
  readonly #db: PGlite
  readonly #clients = new Set<PGliteClient>()

  constructor (db: PGlite) {
    super()
    // Every queue of the service listens to the pool's errors: no limit of listeners.
    this.setMaxListeners(0)
    this.#db = db
  }

  query<Row> (text: string, params?: readonly unknown[]): Promise<{ rows: Row[] }> {
    return query(this.#db, text, params)
  }

  async connect (): Promise<PgPoolClient> {
    const client = new PGliteClient(this.#db)
    this.#clients.add(client)
    return client
  }

  async end (): Promise<void> {
    for (const client of this.#clients) client.release()
    this.#clients.clear()
  }
}

/** Matches a LISTEN statement, and captures its channel. BullMQ's statements begin with comment lines. */
const LISTEN = /^(?:\s*--[^\n]*\n)*\s*LISTEN\s+"?(\w+)/i

/**
 * The part of a `pg` client that BullMQ uses. It turns a `LISTEN` statement into PGlite's own `listen`, and the
 * callbacks of that into `notification` events.
 */
class PGliteClient extends EventEmitter implements PgPoolClient {
  readonly #db: PGlite
  readonly #unlisten: Array<() => Promise<void>> = []

  constructor (db: PGlite) {
    super()
    this.#db = db
  }

  async query<Row> (text: string, params?: readonly unknown[]): Promise<{ rows: Row[] }> {
    const channel = LISTEN.exec(text)?.[1]
    if (channel === undefined) return query(this.#db, text, params)
    this.#unlisten.push(await this.#db.listen(channel, payload => { this.emit('notification', { channel, payload }) }))
    return { rows: [] }
  }

  release (): void {
    this.removeAllListeners()
    for (const unlisten of this.#unlisten.splice(0)) void unlisten()
  }
}

/**
 * Runs a statement. PGlite's `query` takes parameters. Only its `exec` takes several statements at once, which
 * migrations need.
 */
async function query<Row> (db: PGlite, text: string, params: readonly unknown[] | undefined): Promise<{ rows: Row[] }> {
  if (params !== undefined) return keepNull(await db.query<Row>(text, [...params]))
  const results = await db.exec(text)
  // `exec` does not know the types of rows. Whoever wrote the statement does.
  return results.at(-1) as unknown as { rows: Row[] }
}
