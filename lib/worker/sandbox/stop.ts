import { setMaxListeners } from 'node:events'

/** How a run is told that it must stop. */
export interface Stop {
  /** Made when it is asked for: most runs never look at theirs, and it costs more than all else here. */
  readonly signal: AbortSignal
  readonly aborted: boolean
  abort (reason: Error): void
}

/** @param onAbort called before the processor hears of it */
export function createStop (onAbort: () => void): Stop {
  let controller: AbortController | undefined
  let reason: Error | undefined
  return {
    get signal () {
      if (controller === undefined) {
        controller = new AbortController()
        // A processor passes it on to all that it does at once: so many are no leak.
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
