import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Child } from 'bullmq'
import { ProcessorModuleError } from '../errors.js'
import type { Execution } from './execution.js'
import type { ChildMessage } from './sandbox-messages.js'
import { ABORT_TIMEOUT, runInSandbox, tell } from './sandbox-run.js'

/** The program that runs in the thread or process. */
const MAIN = fileURLToPath(new URL('./sandbox-main.js', import.meta.url))

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

  const open = (): Child => {
    const child = new Child(MAIN, href, {
      useWorkerThreads: kind === 'thread',
      // BullMQ would pass on all of the process's options, and threads refuse those of V8, as --max-old-space-size. They inherit by themselves.
      workerThreadsOptions: { execArgv: undefined }
    })
    all.add(child)
    child.on('exit', () => { forget(child) })
    // Whether it runs a job or not.
    child.on('message', (message: ChildMessage) => { if (message.type === 'died') forget(child) })
    // What a thread dies of that has no memory left, or why a process could not be started.
    child.on('error', () => {})
    return child
  }

  /** @throws `PROCESSOR_MODULE` where the module cannot be loaded */
  const start = async (signal?: AbortSignal): Promise<Child> => {
    const child = open()
    let killer: NodeJS.Timeout | undefined
    // The module may never have been loaded by then.
    const onAbort = (): void => { killer = setTimeout(() => { void child.kill('SIGKILL') }, ABORT_TIMEOUT) }
    signal?.addEventListener('abort', onAbort)
    try {
      // One that cannot load the module exits by itself; BullMQ tells of that only where it said why before.
      const exited = once(child, 'exit').then(([code]) => { throw new ProcessorModuleError(href, `ended its sandbox while it was loaded, with exit code ${code}`) })
      await Promise.race([child.init(), exited]).finally(() => {
        clearTimeout(killer)
        signal?.removeEventListener('abort', onAbort)
      })
      return child
    } catch (error) {
      forget(child)
      // For a process that could not be started BullMQ would reject once more, unheard.
      child.removeAllListeners('close')
      if (error instanceof ProcessorModuleError) throw error
      throw Object.assign(new ProcessorModuleError(href, `cannot be loaded: ${(error as Error).message}`), { cause: error })
    }
  }

  return {
    // One sandbox: the first job finds it there.
    async load () { idle.add(await start()) },

    async execute (input, context) {
      const [free] = idle
      const child = free ?? await start(context.signal)
      idle.delete(child)
      try {
        // The start of a sandbox takes its time: the attempt may be over by now.
        context.signal.throwIfAborted()
        return await runInSandbox(child, input, context)
      } finally {
        if (all.has(child)) idle.add(child)
      }
    },
    async close () {
      await Promise.all([...all].map(async child => {
        if (!idle.has(child)) {
          while (!isSpawned(child)) await setImmediate()
          return await child.kill('SIGKILL')
        }
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

/** A moment passes before it is; until then it cannot be killed. */
function isSpawned (child: Child): boolean {
  try {
    return child.pid !== undefined
  } catch {
    return false
  }
}

function moduleUrl (module: URL | string): URL {
  const url = module instanceof URL ? module : module.startsWith('file:') ? new URL(module) : isAbsolute(module) ? pathToFileURL(module) : undefined
  if (url === undefined) throw new ProcessorModuleError(String(module), 'is a relative path. Give an absolute one, or a URL: new URL(\'../processor.js\', import.meta.url)')
  if (url.protocol !== 'file:' || !existsSync(url)) throw new ProcessorModuleError(String(module), 'does not exist. It must be a JavaScript file whose default export is the processor')
  return url
}
