import { UnrecoverableError, WaitingError, type Job } from 'bullmq'
import type { JobDefinition } from '../types/definition.js'
import type { JobContext, JobLogger } from '../types/processor.js'
import { isJobError, JobError } from './errors.js'
import { toFailedReason } from './failure.js'
import { clampPercent } from './job-state.js'
import { storableText } from './json.js'
import { createOutputCheck, type OutputCheck } from './output.js'

/** How much of a progress message is kept, in UTF-16 code units: every status answer carries it. */
const MAX_MESSAGE = 1_000

/** Runs a processor, wherever that is. Rejects with what the processor threw. */
export type Execute = (input: unknown, context: JobContext) => Promise<unknown>

/** How a processor is run, and how that is ended. */
export interface Execution {
  execute: Execute
  close (): Promise<void>
}

/** The reason with which attempts are stopped when their worker must close: they are not failed, but left to another worker. */
export const WORKER_CLOSING = new Error('The worker is closing')

/** Runs attempts of one job definition, and knows those that run. */
export interface AttemptRunner {
  /** One attempt, as BullMQ calls it: resolves with the output to store, rejects with what makes BullMQ retry or fail the job. */
  run (job: Job, token?: string): Promise<unknown>
  /** Aborts the attempt of a job, if it runs here. */
  stop (jobId: string, reason: Error): void
  stopAll (reason: Error): void
  /** How many attempts run. */
  readonly running: number
}

export function createAttemptRunner (definition: JobDefinition, execute: Execute, log: JobLogger): AttemptRunner {
  const checkOutput = createOutputCheck(definition.output)
  const running = new Map<string, AbortController>()

  return {
    async run (job, token) {
      const controller = new AbortController()
      const jobId = job.id as string
      running.set(jobId, controller)
      const attempt = { over: false }
      const context = createContext(job, attempt, controller.signal, log)
      return await runAttempt(definition, execute, checkOutput, job.data, context, controller)
        .finally(() => { attempt.over = true })
        .catch(async (thrown: unknown) => {
          if (thrown === WORKER_CLOSING) {
            await job.moveToWait(token)
            throw new WaitingError()
          }
          context.log.warn({ err: thrown }, 'The attempt failed')
          throw toBullError(thrown)
        })
        // The job may have come back to this worker meanwhile.
        .finally(() => { if (running.get(jobId) === controller) running.delete(jobId) })
    },
    stop (jobId, reason) { running.get(jobId)?.abort(reason) },
    get running () { return running.size },
    stopAll (reason) { for (const controller of running.values()) controller.abort(reason) }
  }
}

/**
 * Runs the processor against the clock. An attempt that must stop ends at once, also where the
 * processor does not listen to its signal: what it does later has no effect any more.
 */
async function runAttempt (
  definition: JobDefinition, execute: Execute, checkOutput: OutputCheck, input: unknown, context: JobContext, controller: AbortController
): Promise<unknown> {
  const { signal } = controller
  const stopped = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => { reject(signal.reason as Error) }, { once: true })
  })
  const timer = setTimeout(() => { controller.abort(timeoutError(definition.timeout)) }, definition.timeout)
  // In a function of its own, as a processor may throw before it returns a promise.
  return await Promise.race([stopped, (async () => await execute(input, context))()])
    .then(checkOutput)
    // Whatever the abort made the processor throw, the reason for the abort is the reason.
    .catch(thrown => { throw signal.aborted ? signal.reason : thrown })
    .finally(() => { clearTimeout(timer) })
}

function timeoutError (timeout: number): JobError {
  return new JobError('TIMEOUT', `An attempt ran longer than ${timeout} ms.`, { retryable: true })
}

function createContext (job: Job, state: { over: boolean }, signal: AbortSignal, log: JobLogger): JobContext {
  const jobId = job.id as string
  const attempt = job.attemptsMade + 1
  return {
    jobId,
    attempt,
    maxAttempts: Math.max(job.opts.attempts ?? 1, 1),
    signal,
    log: childLogger(log, { job: job.name, jobId, attempt }),
    progress (percent, message) {
      // An attempt that has ended has nothing to say any more: the job may be final, or another one may run.
      if (signal.aborted || state.over) return Promise.resolve()
      const clamped = clampPercent(percent)
      const stored = job.updateProgress(message === undefined ? clamped : { percent: clamped, message: storableText(message.slice(0, MAX_MESSAGE)) })
      // Who awaits it learns of a failure. Who does not must not end the process by it.
      stored.catch(() => {})
      return stored
    }
  }
}

/** A logger that adds fields to each line: the logger's own child, where it can make one. */
function childLogger (log: JobLogger & { child?: (fields: object) => JobLogger }, fields: object): JobLogger {
  if (log.child) return log.child(fields)
  const withFields = (level: keyof JobLogger) => (first: string | object, message?: string): void => {
    if (typeof first === 'string') log[level](fields, first)
    else log[level]({ ...fields, ...first }, message)
  }
  return { debug: withFields('debug'), info: withFields('info'), warn: withFields('warn'), error: withFields('error') }
}

/**
 * What BullMQ is to be told: the reason that it stores, the stack for whoever looks into the
 * queue, and whether to try again. Never the error itself, as BullMQ reads meanings into names.
 */
function toBullError (thrown: unknown): Error {
  const reason = storableText(toFailedReason(thrown))
  const final = isJobError(thrown) && !thrown.retryable
  const error = final ? new UnrecoverableError(reason) : new Error(reason)
  if (thrown instanceof Error && thrown.stack !== undefined) error.stack = storableText(thrown.stack)
  return error
}
