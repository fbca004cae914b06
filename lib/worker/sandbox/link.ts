import { once } from 'node:events'
import { parentPort, type MessagePort } from 'node:worker_threads'
import { seal, unseal } from './envelope.js'

/** What a sandbox has to its worker, and its processor's libraries do not have. */
export interface Link {
  /** Resolves once the message has left, so that what follows may be the end. */
  send (text: string): Promise<void>
  listen (onText: (text: string) => void): void
}

/** To be opened before the processor's module is loaded: what comes first is ours. */
export async function openLink (): Promise<Link> {
  return parentPort === null ? processLink() : threadLink(await firstOf(parentPort))
}

async function firstOf (port: MessagePort): Promise<MessagePort> {
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
  const send = (process.send as NonNullable<typeof process.send>).bind(process)
  return {
    // To a worker that is gone, nothing is said.
    send: text => new Promise(resolve => { send(seal(text), undefined, undefined, () => { resolve() }) }),
    listen (onText) {
      process.on('message', message => {
        const text = unseal(message)
        if (text !== undefined) onText(text)
      })
    }
  }
}
