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

/** Who calls an operation, and by which path. */
export interface Caller {
  /** The path of the job's routes, as this service knows it. */
  readonly path: string
  /**
   * The path or URL under which clients reach the routes, for the links of the job: `publicUrl` and `path`. undefined:
   * there are no routes.
   */
  readonly base: string | undefined
  /** The owner whose jobs the caller may see. undefined: the jobs of all owners. */
  readonly owner: string | undefined
}

/** Options of a stream of events. */
export interface Watch {
  /** The id of the last event that the watcher got. */
  after: string | undefined
  /** Ends the stream when it aborts. */
  signal: AbortSignal
}

/**
 * The operations of a job, for the routes and for the app's own code. All but `submit` throw `JOB_EXPIRED`,
 * `JOB_UNREADABLE` and `JOB_NOT_FOUND`. `JOB_NOT_FOUND` also stands for a job of another owner.
 */
export interface JobOperations {
  /**
   * Stores a job, which gets the owner of the caller.
   * @returns `replayed`: the idempotency key had this job already
   * @throws `IDEMPOTENCY_KEY_REUSED`, `QUEUE_FULL`
   */
  submit (input: unknown, options: JobOptions, caller: Caller, idempotency?: Idempotency): Promise<{ job: Job, replayed: boolean }>
  /** Returns the job as it is now. With a wait: as soon as it is final, or `isNews` accepts it, or the wait ends. */
  status (jobId: string, caller: Caller, wait?: WaitFor<Job>): Promise<Job>
  /**
   * Returns the output, as JSON. With a wait: as soon as the job is final, or the wait ends.
   * @throws `JOB_NOT_FINISHED`, `JOB_FAILED`, `JOB_CANCELED`, `OUTPUT_INVALID`
   */
  result (jobId: string, caller: Caller, wait?: Wait): Promise<string>
  /**
   * Cancels the job. A second cancel returns the same job.
   * @throws `JOB_ALREADY_FINISHED` if the job ended otherwise
   */
  cancel (jobId: string, caller: Caller): Promise<Job>
  /**
   * Opens the stream of the job's events. Returns undefined if the watcher has seen all, and nothing more will come.
   */
  events (jobId: string, caller: Caller, watch: Watch): Promise<JobStream | undefined>
}

/** @param pollAfter bounds of `pollAfterMs`, in ms */
export function jobOperations (queue: JobQueue, events: JobEvents, pollAfter: { min: number, max: number }, readOutput: ReadOutput): JobOperations {
  const view = (jobId: string, stored: StoredJob, { base }: Caller): Job =>
    toJob(jobId, stored, { now: Date.now(), links: base === undefined ? undefined : jobLinks(base, jobId), pollAfter })

  const require = (jobId: string, found: Found): StoredJob => {
    switch (found.outcome) {
      case 'found': return found.stored
      case 'unreadable': throw Object.assign(withDetails(new JobUnreadableError(), { jobId }), { cause: new TypeError(`What is stored of the job cannot be read: ${found.reason}`) })
      case 'expired': throw withDetails(new JobExpiredError(isoTime(found.expiredAt)), { jobId })
      // The error leaves out the id: what anybody may send is not sent back.
      case 'unknown': throw new JobNotFoundError()
    }
  }

  const find = async (jobId: string, withOutput: boolean, { owner }: Caller): Promise<StoredJob> =>
    require(jobId, await queue.read(jobId, withOutput, owner))

  /** Checks the owner of the caller. Call it before an operation on the queue that does not check owners itself. */
  const admit = async (jobId: string, caller: Caller): Promise<void> => {
    if (caller.owner !== undefined) await find(jobId, false, caller)
  }

  return {
    async submit (input, options, caller, idempotency) {
      const { path, owner } = caller
      const own = owner === undefined ? options : { ...options, owner }
      // Hash path and owner with the key, so that callers never share one. Another path may be another tenant.
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

/** Hashes a list of texts. Lists that differ in how they split the same text have different hashes. */
function hashOf (parts: Array<string | undefined>): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url')
}

/**
 * The `Retry-After` of a job (RFC 9110, section 10.2.3): `pollAfterMs`, rounded up to whole seconds. A final job has
 * none.
 */
export function retryAfter ({ pollAfterMs }: Job): Record<string, string> {
  return pollAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(pollAfterMs / 1000)) }
}
