import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads'
import type { Carrier, End } from './carrier.js'
import { sandboxProgram } from './program.js'

/**
 * Starts a sandbox in a thread. `parentPort` stays the libraries' of its processor: ours is another port. The thread
 * takes the options of V8 and the output of this process as its own by itself.
 */
export function startThread (onText: (text: unknown) => void, onEnd: (end: End) => void): Carrier {
  const { port1: ours, port2: theirs } = new MessageChannel()
  const worker = new Worker(sandboxProgram())
  worker.postMessage(theirs, [theirs])
  let reason: string | undefined
  ours.on('message', onText)
  // One that has no memory left says so before it exits; the exit is what counts.
  worker.on('error', error => { reason = error.message })
  worker.on('exit', code => {
    // What it said last may come behind its exit.
    for (let last = receiveMessageOnPort(ours); last !== undefined; last = receiveMessageOnPort(ours)) onText(last.message)
    ours.close()
    onEnd({ reason, code, signal: null })
  })
  return {
    post (text) { ours.postMessage(text) },
    kill () { void worker.terminate() }
  }
}
