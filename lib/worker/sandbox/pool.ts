import { existsSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ProcessorModuleError } from '../../base/errors.js'
import { toError } from '../../base/thrown.js'
import type { Execution } from '../execution.js'
import type { OutputLimits } from '../output-limit.js'
import { startChild, type Child } from './child.js'
import { ABORT_TIMEOUT } from './messages.js'
import { sandboxProgram } from './program.js'
import { runInSandbox } from './run.js'

/**
 * Runs a processor module in threads or child processes. There is one for each job that runs at the same time, and they
 * are kept for further jobs.
 * @param limits how much partial output a run may write; the sandbox itself checks them
 * @throws `PROCESSOR_MODULE` if there is no such file, `OPTION_INVALID` in a bundle
 */
export function openSandbox (module: URL | string, kind: 'thread' | 'process', limits: OutputLimits): Execution {
  const href = moduleUrl(module).href
  // Check it here. With the first job, the error would look like a fault of the processor's module.
  sandboxProgram()
  const all = new Set<Child>()
  const idle = new Set<Child>()

  const unloadable = (cause: Error): Error =>
    Object.assign(new ProcessorModuleError(href, `cannot be loaded: ${cause.message}`), { cause })

  const open = (): Child => {
    try {
      const child = startChild(kind)
      all.add(child)
      void child.ended.then(() => { all.delete(child); idle.delete(child) })
      return child
    } catch (error) {
      // The system has no room for another thread or process.
      throw unloadable(error as Error)
    }
  }

  /** @throws `PROCESSOR_MODULE` if the module cannot be loaded */
  const start = async (signal?: AbortSignal): Promise<Child> => {
    const child = open()
    let killer: NodeJS.Timeout | undefined
    // The module may take for ever to load.
    const onAbort = (): void => { killer = setTimeout(() => { void child.kill() }, ABORT_TIMEOUT) }
    signal?.addEventListener('abort', onAbort)
    try {
      return await new Promise((resolve, reject) => {
        child.listener = {
          onMessage (message) {
            if (message.type === 'loaded') resolve(child)
            if (message.type === 'unloadable' || message.type === 'died') reject(unloadable(toError(message.failure)))
          },
          onEnd ({ reason, code }) {
            reject(reason === undefined ? new ProcessorModuleError(href, `ended its sandbox while it was loaded, with exit code ${code}`) : unloadable(new Error(reason)))
          }
        }
        child.send({ type: 'load', href, limits })
      })
    } finally {
      child.listener = undefined
      clearTimeout(killer)
      signal?.removeEventListener('abort', onAbort)
    }
  }

  const take = (): Child | undefined => {
    for (const child of idle) {
      idle.delete(child)
      if (child.usable) return child
    }
    return undefined
  }

  return {
    // Start one sandbox: the first job finds it ready.
    async load () { idle.add(await start()) },

    async execute (input, context) {
      const child = take() ?? await start(context.signal)
      try {
        // Starting a sandbox takes time: the attempt may be over by now.
        context.signal.throwIfAborted()
        return await runInSandbox(child, input, context)
      } finally {
        if (child.usable) idle.add(child)
      }
    },
    async close () {
      await Promise.all([...all].map(async child => {
        if (!idle.has(child)) return await child.kill()
        // An idle sandbox ends by itself, so that what the processor's module opened can close.
        child.send({ type: 'end' })
        const timer = setTimeout(() => { void child.kill() }, ABORT_TIMEOUT)
        await child.ended
        clearTimeout(timer)
      }))
    }
  }
}

function moduleUrl (module: URL | string): URL {
  const url = module instanceof URL ? module : module.startsWith('file:') ? new URL(module) : isAbsolute(module) ? pathToFileURL(module) : undefined
  if (url === undefined) throw new ProcessorModuleError(String(module), 'is a relative path. Give an absolute one, or a URL: new URL(\'../processor.js\', import.meta.url)')
  if (url.protocol !== 'file:' || !existsSync(url)) throw new ProcessorModuleError(String(module), 'does not exist. It must be a JavaScript file whose default export is the processor')
  return url
}
