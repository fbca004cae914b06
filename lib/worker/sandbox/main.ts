import { parentPort } from 'node:worker_threads'
import type { Processor } from '../../../types/processor.js'
import { readPlain, toError } from '../../base/thrown.js'
import type { OutputLimits } from '../output-limit.js'
import { WORKER_GONE } from '../stop-reasons.js'
import { openLink } from './link.js'
import { loadProcessor } from './load.js'
import type { HostMessage, RunOrder, SandboxMessage } from './messages.js'
import { endWithWorker, startWatchdog } from './orphan.js'
import { perform, type Performance } from './perform.js'
import { createPost } from './post.js'

/* The program of a sandbox: it loads the processor's module, and runs one job after the other. */

const link = await openLink()
const post = createPost(text => { void link.send(text) })
const say = (message: SandboxMessage): Promise<void> => link.send(JSON.stringify(message))

let processor: Processor<never>
let limits: OutputLimits
let current: Performance | undefined

async function receive (message: HostMessage): Promise<void> {
  switch (message.type) {
    case 'load':
      limits = message.limits
      return await load(message.href)
    case 'run': return await run(message)
    case 'abort': return current?.abort(toError(message.reason))
    case 'done': return post.done(message.id, message.refusals)
    case 'end': return process.exit(0)
  }
}

async function load (href: string): Promise<void> {
  try {
    processor = await loadProcessor(href)
  } catch (thrown) {
    await say({ type: 'unloadable', failure: readPlain(thrown) })
    process.exit(1)
  }
  await say({ type: 'loaded' })
}

async function run (order: RunOrder): Promise<void> {
  current = perform(processor, order, limits, post)
  await link.send(await current.ending)
}

// This error was thrown outside the processor's promise. Nobody knows what state the sandbox is in now, so it exits.
process.on('uncaughtException', error => {
  void say({ type: 'died', failure: readPlain(error) }).finally(() => { process.exit(1) })
})

if (parentPort === null) {
  // Terminals and process managers send signals to the worker and to its sandboxes at the same time. The worker decides
  // what ends when.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {})
  startWatchdog()
  endWithWorker(async () => {
    current?.abort(WORKER_GONE)
    await current?.ending
  })
}

// The link carries only messages of the worker.
link.listen(text => { void receive(JSON.parse(text) as HostMessage) })
