import type { Carrier, End } from './carrier.js'
import { readSandboxMessage, type HostMessage, type SandboxMessage } from './messages.js'
import { startProcess } from './process.js'
import { startThread } from './thread.js'

/** The thread or process of a sandbox, as its worker sees it. */
export interface Child {
  /** Whether it can take a job. */
  readonly usable: boolean
  /** Resolves when it has ended. */
  readonly ended: Promise<void>
  /** Gets its messages and its end. There is one listener at a time. */
  listener: ChildListener | undefined
  /**
   * Sends a message. Does nothing if the child has ended. @throws if the message has no JSON, or is nested too deeply
   */
  send (message: HostMessage): void
  /** Ends it, whatever it does. Resolves when it has ended. */
  kill (): Promise<void>
}

export interface ChildListener {
  onMessage (message: SandboxMessage): void
  onEnd (end: End): void
}

/** @throws if it cannot be started */
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
