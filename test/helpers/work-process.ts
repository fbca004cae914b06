import { fork, type ForkOptions } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import type { Mark } from '../fixtures/faults/processor.js'
import type { Message, Order, Setup } from '../fixtures/faults/worker.js'
import { redisUrl } from './engines.js'
import { latch } from './latch.js'
import { createMarks } from './marks.js'

/** A worker in a process of its own, which does wrong what jobs tell it to. Ends with the test. */
export interface WorkProcess {
  /** Resolves when a run has said so, here for the first time. */
  reached (type: Mark['type'], jobId: string): Promise<Mark>
  tell (order: Order): void
  /** What it has logged: level, line, and the message of an error. */
  lines: Array<[level: string, line: string, err: string | undefined]>
  /** How many sandboxes it has. */
  readonly sandboxes: number
  /** Resolves to the exit code, or the signal. */
  ended: Promise<number | string>
  /** Closes it. */
  close (): Promise<void>
}

/** By default on the Redis that the test command provides. */
export async function startWorkProcess (t: Test, given: Pick<Setup, 'name' | 'by'> & Partial<Setup>, options: ForkOptions = {}): Promise<WorkProcess> {
  const setup: Setup = { connection: redisUrl(), attempts: 1, lockDuration: 1_000, ...given }
  const child = fork(fileURLToPath(new URL('../fixtures/faults/worker.js', import.meta.url)), [JSON.stringify(setup)], { ...options, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
  let printed = ''
  child.stderr?.on('data', chunk => { printed += String(chunk) })
  const ended = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string)
  const close = async (): Promise<void> => {
    if (child.connected) child.disconnect()
    await ended
  }
  t.teardown(close)
  const ready = latch()
  const marks = createMarks<Mark>()
  const lines: WorkProcess['lines'] = []
  let sandboxes = 0
  child.on('message', (message: Message) => {
    switch (message.type) {
      case 'ready': return ready.open()
      case 'log': return lines.push([message.level, message.line, message.err])
      case 'sandboxes': sandboxes = message.count; return
      default: return marks.set(`${message.type} ${message.jobId}`, message)
    }
  })
  await Promise.race([ready.promise, ended.then(code => { throw new Error(`The worker ended with ${code}: ${printed}`) })])
  return {
    reached: (type, jobId) => marks.reached(`${type} ${jobId}`),
    tell (order) { child.send(order) },
    lines,
    get sandboxes () { return sandboxes },
    ended,
    close
  }
}
