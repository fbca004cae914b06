import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Carrier, End } from './carrier.js'
import { seal, unseal } from './envelope.js'
import { sandboxProgram } from './program.js'

/** Starts a sandbox in a process of its own, which has the options of this one, and its output. */
export function startProcess (onText: (text: unknown) => void, onEnd: (end: End) => void): Carrier {
  const child = fork(fileURLToPath(sandboxProgram()), [], { execArgv: process.execArgv.map(withFreePort), stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  let reason: string | undefined
  // Node's own messages are about sockets that processes hand over. Ours do not, and a forged one could throw here.
  child.removeAllListeners('internalMessage')
  child.on('message', message => { onText(unseal(message)) })
  child.on('error', error => {
    reason = error.message
    // It could not be started.
    if (child.pid === undefined) onEnd({ reason, code: null, signal: null })
  })
  // Not on its exit: what it said last may come behind that.
  child.on('close', (code, signal) => { onEnd({ reason, code, signal }) })
  return {
    // One that is gone says so by its end.
    post (text) { child.send(seal(text), () => {}) },
    kill () { child.kill('SIGKILL') }
  }
}

/** Two processes cannot be inspected on one port. */
function withFreePort (option: string): string {
  return option.startsWith('--inspect') ? `${option.split('=', 1)[0]}=0` : option
}
