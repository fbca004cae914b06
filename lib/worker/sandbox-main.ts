import { parentPort } from 'node:worker_threads'
import type { JobLogger, Processor } from '../../types/processor.js'
import { jsonOf } from './output.js'
import { toJson } from '../json.js'
import { asError, jsonOrText, toError, toFailure } from './sandbox-failure.js'
import { CHILD_INIT, CHILD_INIT_COMPLETED, CHILD_INIT_FAILED, type ChildMessage, type ParentMessage } from './sandbox-messages.js'

/* The program of a sandbox: loads the processor's module and runs one job after the other. */

type Incoming = ParentMessage | { cmd: typeof CHILD_INIT, value: string }

/** Resolves once the message has left, so that what follows may be the end. */
function send (message: ChildMessage | { cmd: number, err?: { message: string, stack: string | undefined } }): Promise<void> {
  return new Promise(resolve => {
    if (parentPort) {
      parentPort.postMessage(message)
      resolve()
    } else {
      // A worker that is gone needs no answer: without it nothing keeps this process alive.
      process.send?.(message, () => { resolve() })
    }
  })
}

let processor: Processor<never>
let attempt: AbortController | undefined
/** The run that may speak: what an earlier one does later would be taken for the current job's. */
let current: object | undefined
let calls = 0
const pending = new Map<number, (error: Error | undefined) => void>()

async function receive (message: Incoming): Promise<void> {
  if ('cmd' in message) return await load(message.value)
  switch (message.type) {
    case 'run': return await run(message)
    case 'abort': return attempt?.abort(toError(message.reason))
    case 'end': return process.exit(0)
    case 'done': pending.get(message.call)?.(message.error && toError(message.error))
  }
}

async function load (href: string): Promise<void> {
  try {
    const module = await import(href) as { default?: unknown }
    const found = isModule(module.default) ? module.default.default : module.default
    if (typeof found === 'function') {
      processor = found as Processor<never>
      return await send({ cmd: CHILD_INIT_COMPLETED })
    }
    await send({ cmd: CHILD_INIT_FAILED, err: { message: 'it has no function as its default export', stack: undefined } })
  } catch (thrown) {
    const { message, stack } = asError(thrown)
    await send({ cmd: CHILD_INIT_FAILED, err: { message, stack } })
  }
  process.exit(1)
}

/** What `import()` makes of a CommonJS module that was an ES module in its source. */
function isModule (value: unknown): value is { default: unknown } {
  return typeof value === 'object' && value !== null && 'default' in value
}

async function run ({ input, jobId, attempt: number, maxAttempts }: Extract<ParentMessage, { type: 'run' }>): Promise<void> {
  attempt = new AbortController()
  const own = current = {}
  const isOver = (): boolean => current !== own
  try {
    const returned = await processor(input as never, {
      jobId,
      attempt: number,
      maxAttempts,
      signal: attempt.signal,
      log: createLog(isOver),
      progress: (percent, message) => call(isOver, id => ({ type: 'progress', call: id, percent, message })),
      write: chunk => call(isOver, id => ({ type: 'write', call: id, chunk: toJson(chunk) }))
    })
    const output = jsonOf(returned)
    current = undefined
    await send({ type: 'completed', output })
  } catch (thrown) {
    current = undefined
    await send({ type: 'failed', failure: toFailure(thrown) })
  }
}

/** Calls out of the sandbox, unless the run is over; resolves when the worker has done it. */
function call (isOver: () => boolean, toMessage: (id: number) => ChildMessage): Promise<void> {
  if (isOver()) return Promise.resolve()
  const id = calls++
  const done = new Promise<void>((resolve, reject) => {
    const message = toMessage(id)
    pending.set(id, error => {
      pending.delete(id)
      if (error === undefined) resolve()
      else reject(error)
    })
    void send(message)
  })
  // Who does not wait for it must not end the sandbox by its failure.
  done.catch(() => {})
  return done
}

function createLog (isOver: () => boolean): JobLogger {
  const at = (level: keyof JobLogger) => (first: string | object, message?: string): void => {
    if (isOver()) return
    const line = typeof first === 'string' ? { fields: {}, message: first } : { fields: plain(first), message }
    void send({ type: 'log', level, ...line })
  }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

/** Log fields as they can leave the sandbox: an error loses its message in JSON. */
function plain (fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined).map(([name, value]) =>
    [name, value instanceof Error ? { type: value.name, message: value.message, stack: value.stack } : jsonOrText(value)]))
}

// Thrown outside the processor's promise: nobody knows what state this process is in now.
process.on('uncaughtException', error => {
  void send({ type: 'died', failure: toFailure(error) }).finally(() => { process.exit(1) })
})

const onMessage = (message: Incoming): void => { void receive(message) }
if (parentPort) parentPort.on('message', onMessage)
else process.on('message', onMessage)
