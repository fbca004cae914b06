import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Child } from 'bullmq'
import type { JobContext } from '../types/processor.js'
import { ProcessorModuleError } from './errors.js'
import type { Execution } from './execution.js'
import { toError, toFailure } from './sandbox-failure.js'
import type { ChildMessage, ParentMessage } from './sandbox-messages.js'

/** The program that runs in the thread or process. */
const MAIN = fileURLToPath(new URL('./sandbox-main.js', import.meta.url))

/** How long an aborted attempt may go on in its sandbox, in ms, before the sandbox is killed. */
const ABORT_TIMEOUT = 2_000

/**
 * Runs a processor module in threads or child processes, one for each job that runs at the same
 * time; they are kept for further jobs. BullMQ's `Child` makes the two alike.
 * @throws `PROCESSOR_MODULE` where there is no such file
 */
export function openSandbox (module: URL | string, kind: 'thread' | 'process'): Execution {
  const href = moduleUrl(module).href
  const all = new Set<Child>()
  const idle = new Set<Child>()
  const forget = (child: Child): void => { all.delete(child); idle.delete(child) }

  const start = async (): Promise<Child> => {
    const child = new Child(MAIN, href, { useWorkerThreads: kind === 'thread' })
    all.add(child)
    child.on('exit', () => { forget(child) })
    // A thread that dies of an error says so before it exits; the exit is what counts.
    child.on('error', () => {})
    // One that cannot load the module exits by itself; BullMQ tells of that only where it said why before.
    const exited = once(child, 'exit').then(([code]) => { throw new ProcessorModuleError(href, `ended its sandbox while it was loaded, with exit code ${code}`) })
    await Promise.race([child.init(), exited])
    return child
  }

  return {
    async execute (input, context) {
      const [free] = idle
      const child = free ?? await start()
      idle.delete(child)
      try {
        // The start of a sandbox takes its time: the attempt may be over by now.
        context.signal.throwIfAborted()
        return await runIn(child, input, context, () => { forget(child) })
      } finally {
        if (all.has(child)) idle.add(child)
      }
    },
    async close () {
      await Promise.all([...all].map(async child => {
        if (!idle.has(child)) return await child.kill('SIGKILL')
        // One that has nothing to do ends by itself, and so lets go of what the processor's module opened.
        const ended = once(child, 'exit')
        tell(child, { type: 'end' })
        const timer = setTimeout(() => { void child.kill('SIGKILL') }, ABORT_TIMEOUT)
        await ended
        clearTimeout(timer)
      }))
    }
  }
}

/**
 * One attempt in a sandbox: passes the input in, and everything else out.
 * @param onDeath called where the sandbox announces that it will exit
 */
function runIn (child: Child, input: unknown, context: JobContext, onDeath: () => void): Promise<unknown> {
  const { jobId, attempt, maxAttempts, signal } = context
  return new Promise((resolve, reject) => {
    let killer: NodeJS.Timeout | undefined
    const settle = (finish: () => void): void => {
      clearTimeout(killer)
      signal.removeEventListener('abort', onAbort)
      child.off('message', onMessage)
      child.off('exit', onExit)
      finish()
    }
    const onAbort = (): void => {
      tell(child, { type: 'abort', reason: toFailure(signal.reason) })
      killer = setTimeout(() => { void child.kill('SIGKILL') }, ABORT_TIMEOUT)
    }
    const onExit = (code: number | null, killedBy: string | null): void => {
      settle(() => { reject(new Error(`The sandbox ended in the middle of the job: exit code ${code}, signal ${killedBy}`)) })
    }
    const onMessage = (message: ChildMessage): void => {
      switch (message.type) {
        case 'completed': return settle(() => { resolve(message.output) })
        case 'failed': return settle(() => { reject(toError(message.failure)) })
        case 'died': return settle(() => { onDeath(); reject(toError(message.failure)) })
        case 'log': return context.log[message.level](message.fields, message.message)
        case 'progress': return answer(message.call, context.progress(message.percent, message.message))
        case 'write': return answer(message.call, context.write(message.chunk))
      }
    }
    const answer = (call: number, done: Promise<void>): void => {
      done.then(
        () => { tell(child, { type: 'done', call }) },
        (error: unknown) => { tell(child, { type: 'done', call, error: toFailure(error) }) }
      )
    }
    child.on('message', onMessage)
    child.on('exit', onExit)
    signal.addEventListener('abort', onAbort)
    tell(child, { type: 'run', input, jobId, attempt, maxAttempts })
  })
}

function tell (child: Child, message: ParentMessage): void {
  // A sandbox that is gone says so by its exit.
  child.send(message).catch(() => {})
}

function moduleUrl (module: URL | string): URL {
  const url = module instanceof URL ? module : module.startsWith('file:') ? new URL(module) : isAbsolute(module) ? pathToFileURL(module) : undefined
  if (url === undefined) throw new ProcessorModuleError(String(module), 'is a relative path. Give an absolute one, or a URL: new URL(\'./processor.js\', import.meta.url)')
  if (url.protocol !== 'file:' || !existsSync(url)) throw new ProcessorModuleError(String(module), 'does not exist. It must be a JavaScript file whose default export is the processor')
  return url
}
