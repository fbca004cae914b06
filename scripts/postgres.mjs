import { execFile, execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { chown, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { endServer, findOnPath, freePort, startServer } from './server-process.mjs'

/** Debian's place for the servers, one directory for each version. They are not on the PATH. */
const DEBIAN_VERSIONS = '/usr/lib/postgresql'

/**
 * The signal for an immediate shutdown, as there is nothing to save. SIGKILL would leave processes and shared memory
 * behind.
 */
const QUIT = 'SIGQUIT'

/**
 * Finds the newest PostgreSQL server that is installed.
 * @returns {string | undefined} the directory of its programs
 */
export function findPostgres () {
  const versions = existsSync(DEBIAN_VERSIONS) ? readdirSync(DEBIAN_VERSIONS) : []
  return versions
    .sort((a, b) => Number(b) - Number(a))
    .map(version => join(DEBIAN_VERSIONS, version, 'bin'))
    .concat(findOnPath('postgres') ?? [])
    .find(directory => existsSync(join(directory, 'initdb')) && existsSync(join(directory, 'postgres')))
}

/**
 * Starts a PostgreSQL that only the caller uses. It is new and empty, and `stop` deletes it.
 * @param {string} programs the directory of `initdb` and `postgres`
 * @param {number} [wanted] its port. Default: a free one
 * @returns {Promise<{ url: string, stop: () => Promise<void> }>}
 */
export async function startPostgres (programs, wanted) {
  const port = wanted ?? await freePort()
  const directory = await mkdtemp(join(tmpdir(), 'async-jobs-postgres-'))
  const user = unprivileged()
  if (user !== undefined) await chown(directory, user.uid, user.gid)
  const as = { cwd: directory, ...user }

  await promisify(execFile)(join(programs, 'initdb'), [
    '--pgdata', directory, '--username', 'postgres', '--auth', 'trust', '--encoding', 'UTF8', '--locale', 'C', '--no-sync'
  ], as)
  const child = await startServer(join(programs, 'postgres'), [
    '-D', directory, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories=', '-c', 'fsync=off',
    // Each service of a test has pools of its own.
    '-c', 'max_connections=400'
  ], { ready: 'database system is ready to accept connections', exitSignal: QUIT, ...as })
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    async stop () {
      await endServer(child, QUIT)
      await rm(directory, { recursive: true, force: true })
    }
  }
}

/**
 * Returns the user who runs PostgreSQL; undefined: the current one. PostgreSQL refuses to run as root, and its package
 * brings a user for it.
 */
export function unprivileged () {
  if (process.getuid?.() !== 0) return undefined
  /** @param {string} flag */
  const id = flag => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}
