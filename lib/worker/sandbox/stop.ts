import { setMaxListeners } from 'node:events'

/** Tells a run that it must stop. */
export interface Stop {
  /** The signal is made at its first use. Most runs never use theirs, and making it costs more than all else here. */
  readonly signal: AbortSignal
  readonly aborted: boolean
  abort (reason: Error): void
}

/** @param onAbort called at the first abort, before the processor's signal aborts */
export function createStop (onAbort: () => void): Stop {
  let controller: AbortController | undefined
  let reason: Error | undefined
  return {
    get signal () {
      if (controller === undefined) {
        controller = new AbortController()
        // A processor may pass the signal to many operations at once. That is no leak.
        setMaxListeners(0, controller.signal)
        if (reason !== undefined) controller.abort(reason)
      }
      return controller.signal
    },
    get aborted () { return reason !== undefined },
    abort (why) {
      if (reason !== undefined) return
      reason = why
      onAbort()
      controller?.abort(why)
    }
  }
}
