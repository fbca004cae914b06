import { setMaxListeners } from 'node:events'
import { UnrecoverableError, WaitingError, type Job } from 'bullmq'
import type { JobDefinition } from '../../types/definition.js'
import type { JobOptions } from '../../types/options.js'
import type { JobLogger } from '../../types/processor.js'
import { createChecks, type Checks } from '../definition/checks.js'
import { createContext } from './attempt-context.js'
import { expiredError } from '../job/ending.js'
import type { JobReport } from '../engine/engine.js'
import type { Patience } from '../engine/patience.js'
import { executeInTime, type Execute } from './execution.js'
import { failedReasonOf, MAX_MESSAGE } from '../job/failure.js'
import { isFinal, startDeadline, statusOf } from '../job/state.js'
import { storableText } from '../base/json.js'
import { readInput } from './input.js'
import { createOutputCheck } from './output.js'
import { createReporter } from './report.js'
import { CANCELED, isElsewhere, LOCK_LOST, WORKER_CLOSING } from './stop-reasons.js'
import type { StoredJob } from '../job/stored-job.js'
import { shortened } from '../base/text-of.js'
import { readThrown } from '../base/thrown.js'

/** How much of a stack is stored, in UTF-16 code units. */
const MAX_STACK = 16_384

/** How many ends of jobs that do not run here are remembered. Their attempts may be about to begin. */
const ENDS_KEPT = 1_000

/**
 * The end of an attempt. BullMQ stores it through the worker's backend, which repeats that until the store has taken
 * it.
 */
type Ending =
  | { as: 'completed', output: unknown }
  /** The job fails for good, or runs again. BullMQ decides that by the error and the job's options. */
  | { as: 'failed', error: Error }
  /** The job goes to another worker, and loses no attempt. */
  | { as: 'handed back' }
  /** The job is not this attempt's any more: somebody else has ended or taken it. There is nothing to store. */
  | { as: 'elsewhere' }

/** What attempts need from the store, over the connection of their worker. */
export interface AttemptStore extends Pick<Patience, 'untilAnswered'> {
  /** Whether the store takes U+0000 and halves of surrogate pairs. */
  readonly takesAllText: boolean
  /** Stores progress and partial output. @returns false if the job does not run under this lock any more */
  report (jobId: string, token: string, report: JobReport): Promise<boolean>
  read (jobId: string): Promise<StoredJob | undefined>
  /** The time of the store's clock, in ms since the epoch. */
  now (): Promise<number>
}

/** Runs the attempts of one job definition, and knows which are running. */
export interface AttemptRunner {
  /**
   * Runs one attempt, as BullMQ calls it. Resolves with the output to store. Rejects with an error that makes BullMQ
   * retry the job, fail it, or leave it alone.
   */
  run (job: Job, token?: string): Promise<unknown>
  /** Aborts the attempt of a job if it runs here. */
  stop (jobId: string, reason: Error): void
  stopAll (reason: Error): void
  /** Whether a job is final or gone; false if that cannot be found out. */
  isEnded (jobId: string): Promise<boolean>
  /** Call it when somebody else has ended a job. It aborts the job's attempt if that runs here, or is about to. */
  ended (jobId: string): Promise<void>
  /** The jobs that run, each with the token of its lock. */
  locks (): Array<[jobId: string, token: string]>
  /** How many attempts run. */
  readonly running: number
}

/** @param execute runs the processor with an input that has been checked */
export function createAttemptRunner (
  definition: JobDefinition, execute: Execute, store: AttemptStore, log: JobLogger, checks: Checks = createChecks(definition)
): AttemptRunner {
  const checkOutput = createOutputCheck(checks.output, store.takesAllText)
  const running = new Map<string, { controller: AbortController, token: string }>()
  /** Jobs whose end was heard before their attempt began here. */
  const endedBefore = new Set<string>()

  /**
   * Whether a job is final or gone. Ask even after a stop event: an operator may have put the job back into the queue.
   */
  const isEnded = async (jobId: string): Promise<boolean> => {
    try {
      const stored = await store.read(jobId)
      return stored === undefined || isFinal(statusOf(stored))
    } catch {
      // If the job has ended, its lock is gone, too, and the next report or renewal fails.
      return false
    }
  }

  return {
    async run (job, token = '') {
      const controller = new AbortController()
      // A processor may pass the signal to many operations at once. That is no leak.
      setMaxListeners(0, controller.signal)
      const jobId = job.id as string
      running.set(jobId, { controller, token })
      const reporter = createReporter({
        run: job.attemptsStarted,
        // Ask even in the first run: an operator may have reset the count, and others may have written to the log.
        firstRow: async () => (await store.read(jobId))?.logs ?? 0,
        store: report => store.report(jobId, token, report),
        untilAnswered: store.untilAnswered,
        onRefused: error => { context.log.error({ err: error }, 'The store refuses the reports of the attempt: it reports nothing more') },
        onLost: async () => { controller.abort(await isEnded(jobId) ? CANCELED : LOCK_LOST) },
        maxOutputChunks: definition.maxOutputChunks,
        maxOutputBytes: definition.maxOutputBytes
      })
      const context = createContext(job, reporter, controller.signal, log)
      const end = async (): Promise<Ending> => {
        try {
          if (endedBefore.delete(jobId) && await isEnded(jobId)) controller.abort(CANCELED)
          if (job.attemptsStarted === 1) await throwIfLate(job, store, controller.signal)
          const { timeout = definition.timeout } = job.opts as JobOptions
          const output = await checkOutput(await executeInTime(async () => await execute(await readInput(checks.input, job.data), context), timeout, controller))
          await reporter.flush()
          // Keep a finished output even if the worker closes. A job that is canceled or lost stores nothing.
          if (isElsewhere(controller.signal.reason)) throw controller.signal.reason
          return { as: 'completed', output }
        } catch (thrown) {
          const reason: unknown = controller.signal.aborted ? controller.signal.reason : thrown
          if (reason === WORKER_CLOSING) return { as: 'handed back' }
          if (isElsewhere(reason)) {
            context.log.info({ reason: (reason as Error).message }, 'The attempt was stopped')
            return { as: 'elsewhere' }
          }
          await reporter.flush()
          context.log.warn({ err: reason }, 'The attempt failed')
          return { as: 'failed', error: toBullError(reason) }
        }
      }
      const ending = await end()
      reporter.end()
      if (ending.as === 'handed back') await job.moveToWait(token).catch((error: unknown) => { context.log.warn({ err: error }, 'The attempt could not be handed back: the job runs again when its lock has run out') })
      // The job may have come back to this worker meanwhile.
      if (running.get(jobId)?.controller === controller) running.delete(jobId)
      switch (ending.as) {
        case 'completed': return ending.output
        case 'failed': throw ending.error
        // For this error, BullMQ stores nothing and goes on to the next job.
        default: throw new WaitingError()
      }
    },

    isEnded,
    stop (jobId, reason) { running.get(jobId)?.controller.abort(reason) },
    stopAll (reason) { for (const { controller } of running.values()) controller.abort(reason) },

    async ended (jobId) {
      const attempt = running.get(jobId)
      if (attempt !== undefined) {
        if (await isEnded(jobId)) attempt.controller.abort(CANCELED)
        return
      }
      endedBefore.add(jobId)
      for (const oldest of endedBefore) {
        if (endedBefore.size <= ENDS_KEPT) break
        endedBefore.delete(oldest)
      }
    },

    locks: () => [...running].map(([jobId, { token }]) => [jobId, token]),

    get running () { return running.size }
  }
}

/** @throws JobError `EXPIRED` if this is the job's first attempt and it begins too late */
async function throwIfLate ({ timestamp, opts }: Job, store: Pick<AttemptStore, 'now' | 'untilAnswered'>, signal: AbortSignal): Promise<void> {
  const deadline = startDeadline({ timestamp, opts })
  if (deadline !== undefined && deadline <= await store.untilAnswered(() => store.now(), () => signal.aborted)) throw expiredError()
}

/**
 * Makes the error that BullMQ gets. It holds the reason to store, the stack for people who look into the queue, and
 * whether to try again. BullMQ never gets the processor's own error, because it gives meanings to names of errors.
 */
function toBullError (thrown: unknown): Error {
  const read = readThrown(thrown)
  const reason = storableText(failedReasonOf(read))
  const error = read.jobError?.retryable === false ? new UnrecoverableError(reason) : new Error(reason)
  // The stack begins with the message. A long message is cut, so that the lines after it stay.
  const stack = read.stack?.replace(read.message, () => shortened(read.message, MAX_MESSAGE))
  if (stack !== undefined) error.stack = storableText(shortened(stack, MAX_STACK))
  return error
}
