import { existsSync } from 'node:fs'
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { unprivileged } from './postgres.mjs'
import { endServer, findOnPath, freePort, startServer } from './server-process.mjs'

/** Debian's place for PgBouncer, which is on the PATH of root only. */
const DEBIAN_PROGRAM = '/usr/sbin/pgbouncer'

/** @returns {string | undefined} */
export function findPgbouncer () {
  const directory = findOnPath('pgbouncer')
  return directory === undefined ? [DEBIAN_PROGRAM].find(existsSync) : join(directory, 'pgbouncer')
}

/**
 * Starts a PgBouncer in front of a PostgreSQL. It has default settings, and lets everybody in as the user of the URL.
 * @param {string} program
 * @param {string} url of the PostgreSQL
 * @param {'session' | 'transaction'} mode
 * @returns {Promise<{ url: string, stop: () => Promise<void> }>}
 */
export async function startPgbouncer (program, url, mode) {
  const { hostname, port, username, pathname } = new URL(url)
  const own = await freePort()
  const directory = await mkdtemp(join(tmpdir(), 'async-jobs-pgbouncer-'))
  const user = unprivileged()
  const settings = join(directory, 'pgbouncer.ini')
  await writeFile(settings, `[databases]
${pathname.slice(1)} = host=${hostname} port=${port} user=${username}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${own}
unix_socket_dir =
auth_type = any
pool_mode = ${mode}
default_pool_size = 40
`)
  if (user !== undefined) for (const path of [directory, settings]) await chown(path, user.uid, user.gid)
  const child = await startServer(program, [settings], { ready: 'process up', cwd: directory, ...user })
  return {
    url: `postgres://${username}@127.0.0.1:${own}${pathname}`,
    async stop () {
      await endServer(child, 'SIGKILL')
      await rm(directory, { recursive: true, force: true })
    }
  }
}
