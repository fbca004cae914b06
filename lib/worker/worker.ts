import { isNotConnectionError } from 'bullmq'
import type { JobDefinition } from '../../types/definition.js'
import type { CreateWorkerOptions, JobWorker } from '../../types/options.js'
import type { JobLogger, Processor } from '../../types/processor.js'
import { createAttemptRunner } from './attempt.js'
import { beginWorker } from './beginning.js'
import { createChecks, type Checks } from '../definition/checks.js'
import { consoleLogger } from './console-logger.js'
import { stopsOf, type Engine } from '../engine/engine.js'
import { leaseEngine } from '../engine/index.js'
import { keepOutcomes } from '../engine/kept-outcomes.js'
import { createPatience } from '../engine/patience.js'
import { withRemedy } from '../engine/remedies.js'
import { isForGood } from '../engine/store-answers.js'
import { withoutCommand } from '../base/errors.js'
import { readEvents } from '../events/event-reader.js'
import type { Execution } from './execution.js'
import { resolveWorkerOptions, type ResolvedWorkerOptions } from './options.js'
import { keepLocks } from './lock-renewal.js'
import type { OutputLimits } from './output-limit.js'
import { startTimer } from '../base/timer.js'
import { keepRetention } from './retention.js'
import { safeLogger } from './safe-logger.js'
import { openSandbox } from './sandbox/pool.js'
import { LOCK_LOST, WORKER_CLOSING } from './stop-reasons.js'
import { readable } from '../job/stored-job.js'

/** How long attempts may take to end after their signals aborted, in ms. Then the worker's connections are cut. */
const STOP_TIMEOUT = 2_000

/** How often a closing worker checks whether the store is away, in ms. */
const WATCH_INTERVAL = 100

/** How long a worker may take to close without its connections, in ms. */
const DISCONNECT_TIMEOUT = 1_000

/** How long after a line about a passing problem no other such line is logged, in ms. */
const QUIET_TIME = 10_000

/** The id before all events of a queue. The events that are kept are read again: no harm, their jobs are final. */
const FIRST_EVENT = '0'

/** How long a worker waits after a lost connection before it asks for jobs again, in ms. BullMQ's default is 15 s. */
const RETRY_DELAY = 1_000

/**
 * Runs the jobs of a definition in this process.
 * @param processor a function, or the URL or absolute path of a module whose default export is a function. A module
 * runs in a sandbox.
 * @returns a worker; its `ready()` rejects if the engine cannot be opened, or the module cannot be loaded
 * @throws `OPTION_INVALID`, `PROCESSOR_MODULE`
 */
export function createWorker<Definition extends JobDefinition> (
  definition: Definition, processor: Processor<Definition> | URL | string, options: CreateWorkerOptions
): JobWorker {
  const resolved = resolveWorkerOptions(definition, processor, options)
  const log = safeLogger(options.log ?? consoleLogger)
  const checks = createChecks(definition)
  checks.compile()
  // The input is checked before the processor gets it, so it has the type of this definition.
  const execution = createExecution(definition, processor as Processor<JobDefinition> | URL | string, resolved)
  const leasing = leaseEngine(options.connection, {}, log, resolved.schema)
  let worker: JobWorker | undefined
  // The worker takes no job before its processor is loaded.
  const starting = Promise.all([leasing, execution.load()]).then(([{ engine }]) => {
    worker = startWorker(engine, definition, execution, resolved, log, checks)
    return worker
  })
  // `ready()` rejects with the error. Nobody may ever call it, so the rejection needs a handler here.
  starting.catch(() => {})
  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    // A module may take for ever to load.
    if (worker === undefined) await execution.close()
    const [, lease] = await Promise.allSettled([starting, leasing])
    await worker?.close()
    if (lease.status === 'fulfilled') await lease.value.release()
  }
  return {
    async ready () {
      try {
        await (await starting).ready()
      } catch (error) {
        // Programs await `ready()` at their top level. A program that closes the worker meanwhile should not fail.
        if (closing === undefined) throw error
      }
    },
    close: () => { closing ??= close(); return closing }
  }
}

/** @throws `PROCESSOR_MODULE` if there is no such module */
export function createExecution (
  { maxOutputChunks, maxOutputBytes }: OutputLimits, processor: Processor<JobDefinition> | URL | string, options: ResolvedWorkerOptions
): Execution {
  if (typeof processor !== 'function') return openSandbox(processor, options.sandbox, { maxOutputChunks, maxOutputBytes })
  return {
    load: async () => {},
    execute: async (input, context) => await processor(input, context),
    close: async () => {}
  }
}

/** Starts a worker on an open engine. Closing the worker closes the execution, too. */
export function startWorker (
  engine: Engine, definition: JobDefinition, execution: Execution, options: ResolvedWorkerOptions, log: JobLogger, checks?: Checks
): JobWorker {
  const { name } = definition
  /** Whether this worker logged a refusal. The engine logs outages. */
  let told = false
  const patience = createPatience(
    (error, waiting) => {
      told = engine.available && !engine.noteFailure(error)
      if (told) log.warn({ err: withoutCommand(error), job: name, waiting }, withRemedy('The store refuses what the worker asks of it: what jobs end in waits until it takes it', error))
    },
    () => { if (told) log.info({ job: name }, 'The store takes what the worker asks of it: what waited is stored') }
  )
  const outcomes = keepOutcomes(patience)
  const attempts = createAttemptRunner(definition, execution.execute, {
    takesAllText: engine.kind === 'redis',
    report: (jobId, token, told) => worker.report(name, jobId, token, told),
    read: async jobId => readable(await worker.readJob(name, jobId, false)),
    now: () => worker.now(),
    untilAnswered: patience.untilAnswered
  }, log, checks)
  let quietUntil = 0
  const onError = (error: Error): void => {
    // The log has these errors already: the store is away, or refuses commands. A closed connection is opened again.
    if (!engine.available || patience.refused || engine.wasInterrupted(error) || !isNotConnectionError(error) || engine.noteFailure(error)) return
    // An error of a command that the worker repeats may come again and again.
    const passes = !isForGood(error)
    if (passes && performance.now() < quietUntil) return
    if (passes) quietUntil = performance.now() + QUIET_TIME
    log.error({ err: withoutCommand(error), job: name }, 'The worker has a problem')
  }
  const worker = beginWorker({
    open: () => engine.openWorker(name, attempts.run, {
      autorun: false,
      runRetryDelay: RETRY_DELAY,
      concurrency: options.concurrency,
      lockDuration: options.lockDuration,
      skipLockRenewal: true,
      stalledInterval: options.lockDuration,
      maxStalledCount: options.maxStalledCount
    }, outcomes),
    patience,
    onError,
    onStopped (error) { log.error({ err: withoutCommand(error), job: name }, 'The worker stopped') }
  })
  const stopRenewal = keepLocks({
    worker: { extendJobLocks: (...held) => worker.worker.extendJobLocks(...held) },
    lockDuration: options.lockDuration,
    locks: () => [...attempts.locks(), ...outcomes.locks()],
    onLost (jobId) {
      // The store may have taken the outcome, and only its answer was lost. The next try to store it finds that out.
      if (outcomes.locks().some(([id]) => id === jobId)) return
      attempts.stop(jobId, LOCK_LOST)
      // A canceled job has no lock either.
      void attempts.isEnded(jobId).then(ended => { if (!ended) log.error({ job: name, jobId }, 'The lock of a job could not be renewed') })
    },
    onError
  })
  const stops = readEvents(engine, stopsOf(name), FIRST_EVENT, log, {
    onEvent ({ jobId }) { if (jobId !== undefined) void attempts.ended(jobId) },
    // Missed events do no harm: an ended job has no lock, so the next report or renewal of its attempt fails.
    onGap () {}
  })
  const stopRetention = keepRetention(engine, definition, log)

  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    stopRetention()
    outcomes.close()
    const closed = worker.close()
    const letGo = (): void => {
      patience.end()
      worker.disconnect()
    }
    // Waiting for a store that is away is of use only to attempts that still run, and to outcomes that are not stored.
    const watch = setInterval(() => { if (!engine.available && attempts.running + outcomes.locks().length === 0) letGo() }, WATCH_INTERVAL)
    const timers: NodeJS.Timeout[] = [watch]
    const after = (time: number, act: () => void): void => { timers.push(startTimer(options.closeTimeout + time, act)) }
    after(0, () => { attempts.stopAll(WORKER_CLOSING) })
    after(STOP_TIMEOUT, () => {
      const lost = outcomes.locks().length
      if (lost > 0) log.error({ job: name, outcomes: lost }, 'The worker closes before the store has taken what jobs ended in: they run again when their locks have run out')
      letGo()
    })
    await Promise.race([closed, new Promise<void>(resolve => { after(STOP_TIMEOUT + DISCONNECT_TIMEOUT, resolve) })])
    for (const timer of timers) clearTimeout(timer)
    stopRenewal()
    letGo()
    await stops.close()
    await execution.close()
  }
  return {
    ready: () => worker.started,
    close: () => { closing ??= close(); return closing }
  }
}
