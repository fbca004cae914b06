import { randomUUID } from 'node:crypto'
import pg from 'pg'
import type { Test } from 'tap'
import { postgresUrl } from './engines.js'

/** A database and a role of a test's own, to which it can do what would harm other tests. */
export interface PostgresDatabase {
  url: string
  /** Asks as somebody whose connection stays. */
  query<Row extends object> (text: string, values?: unknown[]): Promise<Row[]>
  /** Changes the database, for connections that are made later: `CONNECTION LIMIT 0`. */
  alter (change: string): Promise<void>
  /** Ends all connections but that of `query`. @returns how many */
  endConnections (): Promise<number>
}

export async function createDatabase (t: Test): Promise<PostgresDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '')}`
  const admin = new pg.Client({ connectionString: postgresUrl() })
  await admin.connect()
  await admin.query(`CREATE ROLE ${name} LOGIN PASSWORD 'secret'`)
  await admin.query(`CREATE DATABASE ${name} OWNER ${name}`)
  const url = new URL(postgresUrl())
  url.pathname = `/${name}`
  const observer = new pg.Client({ connectionString: url.href })
  await observer.connect()
  url.username = name
  url.password = 'secret'
  t.teardown(async () => {
    await observer.end()
    await admin.query(`DROP DATABASE ${name} WITH (FORCE)`)
    await admin.query(`DROP ROLE ${name}`)
    await admin.end()
  })
  const query = async <Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> => (await observer.query<Row>(text, values)).rows
  return {
    url: url.href,
    query,
    alter: async change => { await query(`ALTER DATABASE ${name} ${change}`) },
    endConnections: async () => (await query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()')).length
  }
}
