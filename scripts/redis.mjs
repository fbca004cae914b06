import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endServer, freePort, startServer } from './server-process.mjs'

/**
 * A Redis that only its starter uses. It keeps nothing on disk, unless `args` say otherwise.
 * @typedef {object} RedisServer
 * @property {string} url
 * @property {number} port
 * @property {() => Promise<void>} kill ends it like a crash: connections break, data is lost
 * @property {() => Promise<void>} restart starts it on the same port with the data that it kept; kills it first if it
 * runs
 * @property {() => void} pause freezes it: connections stay open, but nothing is answered
 * @property {() => void} resume ends a pause
 * @property {() => Promise<void>} stop ends it for good
 */

/**
 * @param {{ port?: number, args?: string[] }} [options] port: default a free one; args: more arguments for redis-server
 * @returns {Promise<RedisServer>}
 */
export async function startRedis ({ port, args = [] } = {}) {
  const listenOn = port ?? await freePort()
  const directory = await mkdtemp(join(tmpdir(), 'async-jobs-redis-'))
  const start = () => startServer('redis-server', [
    '--port', String(listenOn), '--bind', '127.0.0.1', '--dir', directory, '--save', '', '--appendonly', 'no', ...args
  ], { ready: 'Ready to accept connections' })
  const kill = () => endServer(child, 'SIGKILL')

  let child = await start()
  return {
    url: `redis://127.0.0.1:${listenOn}`,
    port: listenOn,
    kill,
    async restart () {
      await kill()
      child = await start()
    },
    pause () { child.kill('SIGSTOP') },
    resume () { child.kill('SIGCONT') },
    async stop () {
      await kill()
      await rm(directory, { recursive: true, force: true })
    }
  }
}
