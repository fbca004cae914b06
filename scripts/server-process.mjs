import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants } from 'node:fs'
import { createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'

/**
 * Starts a server, and resolves when it says that it is ready. It ends with this process.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ ready: string, exitSignal?: NodeJS.Signals, cwd?: string, uid?: number, gid?: number }} options
 *   ready: a part of the line with which it says so; exitSignal: what it gets when this process ends, default SIGKILL
 * @throws if it ends before that, with what it printed
 */
export async function startServer (command, args, { ready, exitSignal = 'SIGKILL', ...options }) {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  const endWithUs = () => { child.kill(exitSignal) }
  process.once('exit', endWithUs)
  child.once('exit', () => process.off('exit', endWithUs))

  /** @type {string[]} */
  const printed = []
  await new Promise((resolve, reject) => {
    for (const input of [child.stdout, child.stderr]) {
      createInterface({ input }).on('line', line => {
        printed.push(line)
        if (printed.length > 50) printed.shift()
        if (line.includes(ready)) resolve(undefined)
      })
    }
    child.once('error', reject)
    child.once('close', () => reject(new Error(`${command} ended before it was ready:\n${printed.join('\n')}`)))
  })
  return child
}

/**
 * Sends the signal, and resolves when the server has ended. Resolves at once if it had ended before.
 * @param {import('node:child_process').ChildProcess} child
 * @param {NodeJS.Signals} signal
 */
export async function endServer (child, signal) {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill(signal)
  await once(child, 'exit')
}

/**
 * Finds a port of 127.0.0.1 that nobody listens on. It is below the ports that the system gives to clients. Among
 * those, a client that reconnects to a stopped server may take the server's port, or even connect to itself.
 * @returns {Promise<number>}
 */
export async function freePort () {
  const port = 20_000 + Math.floor(Math.random() * 12_000)
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EADDRINUSE') return freePort()
    throw error
  }
  server.close()
  await once(server, 'close')
  return port
}

/**
 * @param {string} program
 * @returns {string | undefined} the first directory of the PATH that has it
 */
export function findOnPath (program) {
  return process.env['PATH']?.split(delimiter).find(directory => {
    try {
      accessSync(join(directory, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
