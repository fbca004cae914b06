import type { Carrier, End } from './carrier.js'
import { readSandboxMessage, type HostMessage, type SandboxMessage } from './messages.js'
import { startProcess } from './process.js'
import { startThread } from './thread.js'

/** A thread or a process, as its worker sees it. */
export interface Child {
  /** Whether it may be given a job. */
  readonly usable: boolean
  /** Resolves when it has ended. */
  readonly ended: Promise<void>
  /** Who hears of it: one at a time. */
  listener: ChildListener | undefined
  /** @throws where the message is not JSON, or nested too deeply for that. To one that is gone, nothing is said. */
  send (message: HostMessage): void
  /** Ends it, whatever it does. Resolves when it has ended. */
  kill (): Promise<void>
}

export interface ChildListener {
  onMessage (message: SandboxMessage): void
  onEnd (end: End): void
}

/** @throws where it cannot be started */
export function startChild (kind: 'thread' | 'process'): Child {
  let usable = true
  let end: () => void
  const ended = new Promise<void>(resolve => { end = resolve })
  const start = kind === 'thread' ? startThread : startProcess
  const carrier: Carrier = start(text => {
    const message = readSandboxMessage(text)
    if (message === undefined) return
    if (message.type === 'died') usable = false
    child.listener?.onMessage(message)
  }, how => {
    usable = false
    end()
    child.listener?.onEnd(how)
  })
  const child: Child = {
    get usable () { return usable },
    ended,
    listener: undefined,
    send (message) { carrier.post(JSON.stringify(message)) },
    async kill () {
      carrier.kill()
      await ended
    }
  }
  return child
}
