import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { createInterface } from 'node:readline'

const windows = process.platform === 'win32'

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set()

/** @type {NodeJS.Signals | undefined} */
let interruption
let interruptedAt = 0

/**
 * Runs a command to its end. The command gets a process group of its own: an interruption reaches it once, and with it
 * everything that it has started.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, onLine?: (line: string) => void }} [options]
 *   onLine: gets what the command prints, instead of the terminal
 * @returns {Promise<number>} the exit code
 * @throws {Interrupted} if an interruption came before
 */
export async function run (command, args, { onLine, ...options } = {}) {
  throwIfInterrupted()
  const child = spawn(command, args, { ...options, stdio: ['ignore', onLine ? 'pipe' : 'inherit', 'inherit'], detached: !windows })
  running.add(child)
  if (onLine && child.stdout) createInterface({ input: child.stdout }).on('line', onLine)
  const closed = once(child, 'close')
  try {
    const [code, signal] = await once(child, 'exit')
    // A process that a test left behind would otherwise stay, and keep the output open.
    kill(child, 'SIGKILL')
    await closed
    return code ?? exitCodeOf(signal)
  } finally {
    running.delete(child)
  }
}

/**
 * Call it before a step that must not run after an interruption.
 * @throws {Interrupted}
 */
export function throwIfInterrupted () {
  if (interruption !== undefined) throw new Interrupted(interruption)
}

/** A person or the system has ended the whole program. */
export class Interrupted extends Error {
  /** @param {NodeJS.Signals} signal */
  constructor (signal) {
    super(`ended by ${signal}`)
    this.exitCode = exitCodeOf(signal)
  }
}

/** @type {NodeJS.Signals[]} */
const INTERRUPTIONS = ['SIGINT', 'SIGTERM', 'SIGHUP']
for (const signal of INTERRUPTIONS) process.on(signal, () => { interrupt(signal) })

// A signal that only npm gets ends the shell between npm and this process, but does not reach this process. So watch
// for another parent.
const parent = process.ppid
const watch = setInterval(() => {
  if (process.ppid === parent) return
  clearInterval(watch)
  interrupt('SIGTERM')
}, 250).unref()

/** @param {NodeJS.Signals} signal */
function interrupt (signal) {
  const again = interruption !== undefined
  // One Ctrl-C arrives twice: from the terminal, and through npm.
  if (again && Date.now() - interruptedAt < 500) return
  interruption = signal
  interruptedAt = Date.now()
  for (const child of running) kill(child, again ? 'SIGKILL' : signal)
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @param {NodeJS.Signals} signal
 */
function kill (child, signal) {
  if (child.pid === undefined) return
  try {
    process.kill(windows ? child.pid : -child.pid, signal)
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error
  }
}

/** @param {NodeJS.Signals} signal */
function exitCodeOf (signal) {
  return 128 + constants.signals[signal]
}
