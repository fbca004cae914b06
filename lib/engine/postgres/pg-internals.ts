import type { Socket } from 'node:net'
import type { Client } from 'pg'
import type { PostgresPool } from '../../../types/options.js'

/*
 * What this package uses of pg that is not its public API. The test beside this file says for each use what has
 * changed, if a version of pg changes it.
 */

/** Cuts a connection. Its statements fail, and listeners get an error. */
export function cut (client: Client): void {
  // The types of `pg` do not show the socket.
  (client as unknown as { connection: { stream: Socket } }).connection.stream.destroy()
}

/**
 * Copies the options of a pool. The password needs a line of its own: a pool makes it not enumerable, so that it does
 * not get into logs.
 */
export function copyOptions (pool: PostgresPool): object {
  const { password } = pool.options as { password?: unknown }
  return password === undefined ? { ...pool.options } : { ...pool.options, password }
}
