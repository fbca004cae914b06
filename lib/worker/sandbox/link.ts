import { once } from 'node:events'
import { parentPort, type MessagePort } from 'node:worker_threads'
import { seal, unseal } from './envelope.js'

/** The connection of a sandbox to its worker. The libraries of the processor do not have it. */
export interface Link {
  /** Resolves when the message has left. The sandbox may end after that. */
  send (text: string): Promise<void>
  listen (onText: (text: string) => void): void
}

/** Opens the link. Call it before the processor's module is loaded: the first message on the port is ours. */
export async function openLink (): Promise<Link> {
  return parentPort === null ? processLink() : threadLink(await firstOf(parentPort))
}

async function firstOf (port: MessagePort): Promise<MessagePort> {
  // The worker sends the port first.
  const [first] = await once(port, 'message') as [MessagePort]
  return first
}

function threadLink (port: MessagePort): Link {
  return {
    send: async text => { port.postMessage(text) },
    listen (onText) { port.on('message', onText) }
  }
}

function processLink (): Link {
  // A forked process has `send`.
  const send = (process.send as NonNullable<typeof process.send>).bind(process)
  return {
    // If the worker is gone, sending fails, and the message is dropped.
    send: text => new Promise(resolve => { send(seal(text), undefined, undefined, () => { resolve() }) }),
    listen (onText) {
      process.on('message', message => {
        const text = unseal(message)
        if (text !== undefined) onText(text)
      })
    }
  }
}
