import type { EngineWorker } from '../engine/engine.js'
import type { Patience } from '../engine/patience.js'

/** A worker of an engine. As long as its start fails, it starts anew on new connections. */
export interface Beginning extends EngineWorker {
  /** Resolves when the worker runs, or was closed before that. */
  readonly started: Promise<void>
  close (): Promise<void>
}

export interface BeginningOptions {
  /**
   * Opens a worker that does not run yet; called anew after each failed start. A BullMQ worker whose start fails stays
   * broken: it would ask for jobs without a pause, for ever.
   */
  open (): EngineWorker
  /** Reports failed starts, and pauses between them. */
  patience: Pick<Patience, 'untilAnswered'>
  /** Called with the errors of a worker that has started. `patience` reports the errors before that. */
  onError (error: Error): void
  /** Called if a worker ends that should run. */
  onStopped (error: unknown): void
}

/** Opens a worker and starts it, again and again until it runs. */
export function beginWorker ({ open, patience, onError, onStopped }: BeginningOptions): Beginning {
  let closing = false
  let running: EngineWorker | undefined
  const begin = (): EngineWorker => {
    const opened = open()
    opened.worker.on('error', error => { if (opened === running) onError(error) })
    return opened
  }
  let current = begin()
  const start = async (again: boolean): Promise<void> => {
    if (closing) return
    if (again) current = begin()
    try {
      await current.worker.waitUntilReady()
    } catch (error) {
      void current.worker.close(true)
      current.disconnect()
      throw error
    }
    running = current
    current.worker.run().catch(onStopped)
  }
  return {
    get worker () { return current.worker },
    report: (...told) => current.report(...told),
    readJob: (...asked) => current.readJob(...asked),
    now: () => current.now(),
    disconnect: () => { current.disconnect() },
    // Every error of a start may pass: somebody may grant a right, or update a server.
    started: patience.untilAnswered(start, () => closing, () => false).catch(() => {}),
    close () {
      closing = true
      return current.worker.close()
    }
  }
}
