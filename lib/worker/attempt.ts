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

/** How many stops of jobs that do not run here are remembered: their attempts may be about to begin. */
const STOPS_KEPT = 1_000

/**
 * What an attempt ends in. Each is stored by BullMQ, through the worker's backend, which keeps it until the store has
 * taken it.
 */
type Ending =
  | { as: 'completed', output: unknown }
  /** For good, or to be tried again: BullMQ knows by the error and the job's options. */
  | { as: 'failed', error: Error }
  /** To another worker, at no cost. */
  | { as: 'handed back' }
  /** Somebody else has ended or taken the job: there is nothing to store. */
  | { as: 'elsewhere' }

/** What attempts need of the store, on their worker's connection. */
export interface AttemptStore extends Pick<Patience, 'untilAnswered'> {
  /** Whether it stores U+0000 and halves of surrogate pairs. */
  readonly takesAllText: boolean
  report (jobId: string, token: string, report: JobReport): Promise<boolean>
  read (jobId: string): Promise<StoredJob | undefined>
  /** The store's clock. */
  now (): Promise<number>
}

/** Runs attempts of one job definition, and knows those that run. */
export interface AttemptRunner {
  /** One attempt, as BullMQ calls it: resolves with the output to store, rejects with what makes BullMQ retry or fail the job. */
  run (job: Job, token?: string): Promise<unknown>
  /** Aborts the attempt of a job, if it runs here. */
  stop (jobId: string, reason: Error): void
  stopAll (reason: Error): void
  /** Whether a job is final, or gone; false where that cannot be told. */
  isEnded (jobId: string): Promise<boolean>
  /** Somebody else ended a job: aborts its attempt, if it runs here or is about to. */
  ended (jobId: string): Promise<void>
  /** The jobs that run, each with the token of its lock. */
  locks (): Array<[jobId: string, token: string]>
  /** How many attempts run. */
  readonly running: number
}

export function createAttemptRunner (
  definition: JobDefinition, execute: Execute, store: AttemptStore, log: JobLogger, checks: Checks = createChecks(definition)
): AttemptRunner {
  const checkOutput = createOutputCheck(checks.output, store.takesAllText)
  const running = new Map<string, { controller: AbortController, token: string }>()
  const stops = new Set<string>()

  /** It may be that an operator has put the job back into the queue after it was ended, and that it is rightly run. */
  const isEnded = async (jobId: string): Promise<boolean> => {
    try {
      const stored = await store.read(jobId)
      return stored === undefined || isFinal(statusOf(stored))
    } catch {
      // Where it was, the lock is gone, too, and the next report or renewal tells.
      return false
    }
  }

  return {
    async run (job, token = '') {
      const controller = new AbortController()
      // A processor passes it on to all that it does at once: so many are no leak.
      setMaxListeners(0, controller.signal)
      const jobId = job.id as string
      running.set(jobId, { controller, token })
      const reporter = createReporter({
        run: job.attemptsStarted,
        // Also in the first run: an operator may have reset the count, and rows may stand there that others logged.
        firstRow: async () => (await store.read(jobId))?.logs ?? 0,
        store: report => store.report(jobId, token, report),
        untilAnswered: store.untilAnswered,
        onRefused: error => { context.log.error({ err: error }, 'The store refuses what the attempt tells: it tells no more') },
        onLost: async () => { controller.abort(await isEnded(jobId) ? CANCELED : LOCK_LOST) },
        maxOutputChunks: definition.maxOutputChunks,
        maxOutputBytes: definition.maxOutputBytes
      })
      const context = createContext(job, reporter, controller.signal, log)
      const end = async (): Promise<Ending> => {
        try {
          if (stops.delete(jobId) && await isEnded(jobId)) controller.abort(CANCELED)
          if (job.attemptsStarted === 1) await throwIfLate(job, store, controller.signal)
          const { timeout = definition.timeout } = job.opts as JobOptions
          const output = await checkOutput(await executeInTime(async () => await execute(await readInput(checks.input, job.data), context), timeout, controller))
          await reporter.flush()
          // What is done is done, also where the worker closes.
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
        // BullMQ is to do nothing but go on.
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
      stops.add(jobId)
      for (const oldest of stops) {
        if (stops.size <= STOPS_KEPT) break
        stops.delete(oldest)
      }
    },

    locks: () => [...running].map(([jobId, { token }]) => [jobId, token]),

    get running () { return running.size }
  }
}

/** @throws JobError `EXPIRED` where the job waited too long for this, its first attempt */
async function throwIfLate ({ timestamp, opts }: Job, store: Pick<AttemptStore, 'now' | 'untilAnswered'>, signal: AbortSignal): Promise<void> {
  const deadline = startDeadline({ timestamp, opts })
  if (deadline !== undefined && deadline <= await store.untilAnswered(() => store.now(), () => signal.aborted)) throw expiredError()
}

/**
 * What BullMQ is to be told: the reason that it stores, the stack for whoever looks into the
 * queue, and whether to try again. Never the error itself, as BullMQ reads meanings into names.
 */
function toBullError (thrown: unknown): Error {
  const read = readThrown(thrown)
  const reason = storableText(failedReasonOf(read))
  const error = read.jobError?.retryable === false ? new UnrecoverableError(reason) : new Error(reason)
  // It begins with the message, which must not push out what comes after.
  const stack = read.stack?.replace(read.message, () => shortened(read.message, MAX_MESSAGE))
  if (stack !== undefined) error.stack = storableText(shortened(stack, MAX_STACK))
  return error
}
