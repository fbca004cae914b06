import type { EngineWorker } from '../engine/engine.js'
import type { Patience } from '../engine/patience.js'

/** A worker of an engine which begins anew, on new connections, as long as its start fails. */
export interface Beginning extends EngineWorker {
  /** Resolves when it runs, or when it was closed before that. */
  readonly started: Promise<void>
  close (): Promise<void>
}

export interface BeginningOptions {
  /** Opens a worker, which does not run yet. One whose start fails stays broken: BullMQ would ask it for jobs without a pause, for ever. */
  open (): EngineWorker
  /** Tells of starts that fail, and pauses between them. */
  patience: Pick<Patience, 'untilAnswered'>
  /** Hears of the errors of a worker that has started; `patience` tells of those before. */
  onError (error: Error): void
  /** Hears that a worker ended which should run. */
  onStopped (error: unknown): void
}

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
    // Whatever keeps it from starting may pass: a right may be granted, a server updated.
    started: patience.untilAnswered(start, () => closing, () => false).catch(() => {}),
    close () {
      closing = true
      return current.worker.close()
    }
  }
}
