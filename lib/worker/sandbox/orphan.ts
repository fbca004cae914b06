import { Worker } from 'node:worker_threads'
import { ABORT_TIMEOUT } from './messages.js'

/** How often the watchdog looks whether the worker's process is there, in ms. */
const INTERVAL = 1_000

/** How long after the end of the worker's process a sandbox goes on at most, in ms: as long as after an abort, and some more to end by itself. */
const LONGEST = ABORT_TIMEOUT + 500

/** What the watchdog is told. */
export interface Watch {
  /** The process id of the parent. */
  parent: number
  /** Whom to end. */
  victim: number
  /** How often to look, in ms. */
  interval: number
  /** How long after its parent the process may go on, in ms. */
  grace: number
}

/**
 * Ends the process of a sandbox when that of its worker is gone, however that has ended: nobody would take the
 * outcome, and another worker runs the job again.
 * @param stop lets what runs know; resolves when it has ended
 */
export function endWithWorker (stop: () => Promise<void>): void {
  process.on('disconnect', () => {
    setTimeout(() => { process.exit() }, ABORT_TIMEOUT)
    void stop().then(() => { process.exit() })
  })
}

/** Where the processor never comes back to its event loop, this process does not hear that: a thread of its own does. */
export function startWatchdog (): void {
  const watch: Watch = { parent: process.ppid, victim: process.pid, interval: INTERVAL, grace: LONGEST }
  // Without the options and the environment of this process: it needs nothing of what they would load.
  new Worker(new URL('./watchdog.js', import.meta.url), { workerData: watch, execArgv: [], env: {} }).unref()
}
