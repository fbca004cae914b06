import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads'
import type { Carrier, End } from './carrier.js'
import { sandboxProgram } from './program.js'

/**
 * Starts a sandbox in a thread. It uses a port of its own: `parentPort` belongs to the libraries of the processor. Node
 * gives the thread the V8 options and the output of this process.
 */
export function startThread (onText: (text: unknown) => void, onEnd: (end: End) => void): Carrier {
  const { port1: ours, port2: theirs } = new MessageChannel()
  const worker = new Worker(sandboxProgram())
  worker.postMessage(theirs, [theirs])
  let reason: string | undefined
  ours.on('message', onText)
  // A thread without memory reports an error before it exits. Only the exit counts as its end.
  worker.on('error', error => { reason = error.message })
  worker.on('exit', code => {
    // The last messages may come after the exit.
    for (let last = receiveMessageOnPort(ours); last !== undefined; last = receiveMessageOnPort(ours)) onText(last.message)
    ours.close()
    onEnd({ reason, code, signal: null })
  })
  return {
    post (text) { ours.postMessage(text) },
    kill () { void worker.terminate() }
  }
}
