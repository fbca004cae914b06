import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Carrier, End } from './carrier.js'
import { seal, unseal } from './envelope.js'
import { sandboxProgram } from './program.js'

/**
 * Starts a sandbox in a child process. The child gets the Node options of this process, and writes to the same output.
 */
export function startProcess (onText: (text: unknown) => void, onEnd: (end: End) => void): Carrier {
  const child = fork(fileURLToPath(sandboxProgram()), [], { execArgv: process.execArgv.map(withFreePort), stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  let reason: string | undefined
  // Node's internal messages are about sockets that processes hand over. Ours hand over none, and a forged message
  // could throw here.
  child.removeAllListeners('internalMessage')
  child.on('message', message => { onText(unseal(message)) })
  child.on('error', error => { reason = error.message })
  // Wait for `close`, not for `exit`: the last messages may come after the exit. It also follows an error of the start.
  child.on('close', (code, signal) => { onEnd({ reason, code, signal }) })
  return {
    // An error means that the child is gone, and `onEnd` reports that.
    post (text) { child.send(seal(text), () => {}) },
    kill () {
      // Before Node 22, a child that could not be started has the process id 0 for a moment: a signal to it would end the
      // whole process group, and this process with it.
      if (child.pid !== undefined) child.kill('SIGKILL')
    }
  }
}

/** Two processes cannot be inspected on one port. */
function withFreePort (option: string): string {
  return option.startsWith('--inspect') ? `${option.split('=', 1)[0]}=0` : option
}
