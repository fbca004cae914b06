import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/**
 * One of the two servers that are compared. It ends with this process.
 * @typedef {object} Side
 * @property {number} port
 * @property {() => Promise<number>} cpu returns the CPU time that it has taken so far, in µs
 * @property {() => Promise<void>} stop
 */

/**
 * @param {'plugin' | 'by hand'} name
 * @param {string} connection a Redis URL
 * @returns {Promise<Side>}
 */
export async function startSide (name, connection) {
  const child = fork(join(import.meta.dirname, 'server.mjs'), [name, connection])
  const endWithUs = () => { child.kill('SIGKILL') }
  process.once('exit', endWithUs)
  const ended = once(child, 'exit').finally(() => process.off('exit', endWithUs))
  const message = () => Promise.race([
    once(child, 'message').then(([message]) => message),
    ended.then(() => { throw new Error(`The server "${name}" ended.`) })
  ])
  return {
    port: await message(),
    async cpu () {
      child.send('cpu')
      const { user, system } = await message()
      return user + system
    },
    async stop () {
      child.disconnect()
      await ended
    }
  }
}
