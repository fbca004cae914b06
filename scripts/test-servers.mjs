import { installPackage } from './packages.mjs'
import { findPgbouncer } from './pgbouncer.mjs'
import { findPostgres, startPostgres } from './postgres.mjs'
import { startRedis } from './redis.mjs'
import { findOnPath } from './server-process.mjs'

/** @typedef {{ url: string, stop: () => Promise<void> }} Server */

/**
 * Installs the browser of the tests if it is missing.
 * @throws if that fails; the message says what to do
 */
export async function provideBrowser () {
  if (findOnPath('chromium') === undefined) await installPackage('chromium', 'chromium')
}

/**
 * Installs the pooler that the tests put in front of PostgreSQL, if it is missing.
 * @throws if that fails; the message says what to do
 */
export async function providePgbouncer () {
  if (findPgbouncer() === undefined) await installPackage('pgbouncer', 'pgbouncer')
}

/**
 * Makes sure that the tests find a Redis at REDIS_URL and a PostgreSQL at POSTGRES_URL. Starts a server for each
 * variable that is not set.
 * @param {Server[]} started gets the servers that were started, even if a later one fails. The caller stops them.
 * @throws if a server cannot be provided; the message says what to do
 */
export async function provideServers (started) {
  await provide('REDIS_URL', async () => {
    if (findOnPath('redis-server') === undefined) await installPackage('redis-server', 'redis')
    return startRedis()
  })
  await provide('POSTGRES_URL', async () => {
    if (findPostgres() === undefined) await installPackage('postgresql', 'postgresql')
    const programs = findPostgres()
    if (programs === undefined) throw new Error('The PostgreSQL that was installed is not where it should be.')
    return startPostgres(programs)
  })

  /**
   * @param {'REDIS_URL' | 'POSTGRES_URL'} name
   * @param {() => Promise<Server>} start
   */
  async function provide (name, start) {
    if (process.env[name]) return
    try {
      const server = await start()
      started.push(server)
      process.env[name] = server.url
    } catch (error) {
      throw new Error(`The tests need ${name}.`, { cause: error })
    }
  }
}
