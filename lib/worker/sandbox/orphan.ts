import { Worker } from 'node:worker_threads'
import { ABORT_TIMEOUT } from './messages.js'

/** How often the watchdog checks whether the worker's process is there, in ms. */
const INTERVAL = 1_000

/**
 * How long a sandbox may go on after the end of the worker's process, in ms: as long as after an abort, plus some time
 * to end by itself.
 */
const LONGEST = ABORT_TIMEOUT + 500

/** What the watchdog needs to know. */
export interface Watch {
  /** The process id of the parent. */
  parent: number
  /** The id of the process to end. */
  victim: number
  /** How often to check, in ms. */
  interval: number
  /** How long the process may go on after its parent has ended, in ms. */
  grace: number
}

/**
 * Ends the process of a sandbox when the worker's process has ended, for whatever reason. Nobody would take the
 * outcome, and another worker runs the job again.
 * @param stop tells the run to stop; resolves when it has ended
 */
export function endWithWorker (stop: () => Promise<void>): void {
  process.on('disconnect', () => {
    setTimeout(() => { process.exit() }, ABORT_TIMEOUT)
    void stop().then(() => { process.exit() })
  })
}

/**
 * Starts a thread that ends this process after the worker's process has ended. A processor may block the event loop,
 * and then this process does not notice that end by itself.
 */
export function startWatchdog (): void {
  const watch: Watch = { parent: process.ppid, victim: process.pid, interval: INTERVAL, grace: LONGEST }
  // The thread gets no options and no environment of this process: it needs nothing of what they would load.
  new Worker(new URL('./watchdog.js', import.meta.url), { workerData: watch, execArgv: [], env: {} }).unref()
}
