import { installPackage } from './packages.mjs'
import { findPgbouncer } from './pgbouncer.mjs'
import { findPostgres, startPostgres } from './postgres.mjs'
import { startRedis } from './redis.mjs'
import { findOnPath } from './server-process.mjs'

/** @typedef {{ url: string, stop: () => Promise<void> }} Server */

/** @throws where the browser that the tests use cannot be had, with the remedy */
export async function provideBrowser () {
  if (findOnPath('chromium') === undefined) await installPackage('chromium', 'chromium')
}

/** @throws where the pooler that the tests put in front of PostgreSQL cannot be had, with the remedy */
export async function providePgbouncer () {
  if (findPgbouncer() === undefined) await installPackage('pgbouncer', 'pgbouncer')
}

/**
 * Sees to it that the tests find a Redis at REDIS_URL and a PostgreSQL at POSTGRES_URL: those that
 * are set, or servers of our own.
 * @param {Server[]} started gets the latter, also where it fails; whoever calls stops them
 * @throws where a server cannot be had, with the remedy
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
