import { createHash } from 'node:crypto'
import type { Job } from '../../types/job.js'
import type { JobOptions } from '../../types/options.js'
import { IdempotencyKeyReusedError, JobAlreadyFinishedError, JobCanceledError, JobExpiredError, JobFailedError, JobNotFinishedError, JobNotFoundError, JobUnreadableError, QueueFullError, withDetails } from '../base/errors.js'
import { fromFailedReason, publicFailure } from '../job/failure.js'
import type { JobEvents } from '../events/job-events.js'
import { jobLinks } from '../job/links.js'
import type { Found, JobQueue } from '../queue/job-queue.js'
import { isoTime, toJob } from '../job/state.js'
import { openJobStream, type JobStream } from '../events/job-stream.js'
import type { StoredJob } from '../job/stored-job.js'
import type { ReadOutput } from '../job/stored-output.js'
import type { Idempotency } from '../queue/submission.js'
import { untilFinal, type Wait, type WaitFor } from '../events/until-final.js'

/** Who asks, and from where. */
export interface Caller {
  /** The path of the job's routes, as this service knows it. */
  readonly path: string
  /** Where clients reach them, for the links of the job: the same, or that behind a public address. undefined: there are no routes. */
  readonly base: string | undefined
  /** Whose jobs the caller may know of; undefined: everybody's. */
  readonly owner: string | undefined
}

/** What limits a stream of events. */
export interface Watch {
  /** The id of the last event that the watcher got. */
  after: string | undefined
  /** Ends the stream. */
  signal: AbortSignal
}

/**
 * What can be asked of a job, whether by a route or by the host's own code. All but `submit` throw
 * `JOB_EXPIRED`, `JOB_UNREADABLE`, and `JOB_NOT_FOUND`, also for a job that is not the caller's.
 */
export interface JobOperations {
  /** The job becomes the caller's. @throws `IDEMPOTENCY_KEY_REUSED`, `QUEUE_FULL` */
  submit (input: unknown, options: JobOptions, caller: Caller, idempotency?: Idempotency): Promise<{ job: Job, replayed: boolean }>
  /** With a wait: the job as soon as it is final or news, or as it is when the wait ends. */
  status (jobId: string, caller: Caller, wait?: WaitFor<Job>): Promise<Job>
  /**
   * The output, as JSON.
   * @throws `JOB_NOT_FINISHED`, with a wait only after it, `JOB_FAILED`, `JOB_CANCELED`, `OUTPUT_INVALID`
   */
  result (jobId: string, caller: Caller, wait?: Wait): Promise<string>
  /** @throws `JOB_ALREADY_FINISHED` where it ended otherwise */
  cancel (jobId: string, caller: Caller): Promise<Job>
  /** Undefined where the watcher has seen all, and nothing more will come. */
  events (jobId: string, caller: Caller, watch: Watch): Promise<JobStream | undefined>
}

export function jobOperations (queue: JobQueue, events: JobEvents, pollAfter: { min: number, max: number }, readOutput: ReadOutput): JobOperations {
  const view = (jobId: string, stored: StoredJob, { base }: Caller): Job =>
    toJob(jobId, stored, { now: Date.now(), links: base === undefined ? undefined : jobLinks(base, jobId), pollAfter })

  const require = (jobId: string, found: Found): StoredJob => {
    switch (found.outcome) {
      case 'found': return found.stored
      case 'unreadable': throw Object.assign(withDetails(new JobUnreadableError(), { jobId }), { cause: new TypeError(`What is stored of the job cannot be read: ${found.reason}`) })
      case 'expired': throw withDetails(new JobExpiredError(isoTime(found.expiredAt)), { jobId })
      // The id is not repeated: of what anybody may send, nothing is sent back.
      case 'unknown': throw new JobNotFoundError()
    }
  }

  const find = async (jobId: string, withOutput: boolean, { owner }: Caller): Promise<StoredJob> =>
    require(jobId, await queue.read(jobId, withOutput, owner))

  /** Before anything is done with a job that does not look at its owner. */
  const admit = async (jobId: string, caller: Caller): Promise<void> => {
    if (caller.owner !== undefined) await find(jobId, false, caller)
  }

  return {
    async submit (input, options, caller, idempotency) {
      const { path, owner } = caller
      const own = owner === undefined ? options : { ...options, owner }
      // Whoever is under another path is somebody else, too: a tenant, for example.
      const submitted = await queue.submit(input, own, idempotency && { ...idempotency, key: hashOf([path, owner, idempotency.key]) })
      switch (submitted.outcome) {
        case 'conflict': throw new IdempotencyKeyReusedError()
        case 'full': throw withDetails(new QueueFullError(), { headers: { 'retry-after': String(submitted.retryAfter) } })
      }
      const { outcome, jobId, stored } = submitted
      return { job: view(jobId, stored, caller), replayed: outcome === 'replayed' }
    },

    async status (jobId, caller, wait) {
      if (wait !== undefined) await admit(jobId, caller)
      const isNews = wait?.isNews
      const found = wait && await untilFinal(events, jobId, { ...wait, isNews: isNews && (stored => isNews(view(jobId, stored, caller))) })
      return view(jobId, found === undefined ? await find(jobId, false, caller) : require(jobId, found), caller)
    },

    async result (jobId, caller, wait) {
      if (wait !== undefined) {
        await admit(jobId, caller)
        await untilFinal(events, jobId, wait)
      }
      const stored = await find(jobId, true, caller)
      if (stored.output !== undefined) return await readOutput(jobId, stored.output)
      const job = view(jobId, stored, caller)
      switch (job.status) {
        case 'failed': {
          const failure = fromFailedReason(stored.failedReason)
          const error = withDetails(new JobFailedError(failure.message), { jobId, error: publicFailure(failure) })
          if (failure.status !== undefined) error.statusCode = failure.status
          throw error
        }
        case 'canceled':
          throw withDetails(new JobCanceledError(), { jobId })
        default:
          throw withDetails(new JobNotFinishedError(job.status), { jobId, headers: retryAfter(job) })
      }
    },

    async cancel (jobId, caller) {
      await admit(jobId, caller)
      await queue.cancel(jobId)
      const job = view(jobId, await find(jobId, false, caller), caller)
      if (job.status !== 'canceled') throw withDetails(new JobAlreadyFinishedError(job.status), { jobId })
      return job
    },

    async events (jobId, caller, { after, signal }) {
      await admit(jobId, caller)
      return await openJobStream(events, queue, jobId, {
        after,
        signal,
        view: stored => view(jobId, stored, caller),
        require: found => require(jobId, found)
      })
    }
  }
}

/** Of all parts, each apart from the others. */
function hashOf (parts: Array<string | undefined>): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url')
}

/** The header that tells a client when to ask again (RFC 9110, section 10.2.3): whole seconds, none for a final job. */
export function retryAfter ({ pollAfterMs }: Job): Record<string, string> {
  return pollAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(pollAfterMs / 1000)) }
}
