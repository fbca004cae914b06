import { createHash } from 'node:crypto'
import type { Job } from '../types/job.js'
import type { JobOptions } from '../types/options.js'
import { IdempotencyKeyReusedError, JobAlreadyFinishedError, JobCanceledError, JobExpiredError, JobFailedError, JobNotFinishedError, JobNotFoundError, withDetails } from './errors.js'
import { fromFailedReason, publicFailure } from './failure.js'
import type { JobEvents } from './job-events.js'
import { jobLinks } from './job-links.js'
import type { Found, JobQueue } from './job-queue.js'
import { toJob } from './job-state.js'
import { openJobStream, type JobStream } from './job-stream.js'
import type { StoredJob } from './stored-job.js'
import { untilFinal, type Wait } from './until-final.js'

/** What limits a stream of events. */
export interface Watch {
  /** The id of the last event that the watcher got. */
  after: string | undefined
  /** Ends the stream. */
  signal: AbortSignal
}

/**
 * What can be asked of a job, whether by a route or by the host's own code. `base` is the path
 * under which the job's routes are reached, for its links. All but `submit` throw `JOB_NOT_FOUND`
 * and `JOB_EXPIRED`.
 */
export interface JobOperations {
  /** @throws `IDEMPOTENCY_KEY_REUSED` */
  submit (input: unknown, options: JobOptions, base: string, key?: string): Promise<{ job: Job, replayed: boolean }>
  /** With a wait: the job as soon as it is final, or as it is when the wait ends. */
  status (jobId: string, base: string, wait?: Wait): Promise<Job>
  /** @throws `JOB_NOT_FINISHED`, with a wait only after it, `JOB_FAILED`, `JOB_CANCELED` */
  result (jobId: string, base: string, wait?: Wait): Promise<unknown>
  /** @throws `JOB_ALREADY_FINISHED` where it ended otherwise */
  cancel (jobId: string, base: string): Promise<Job>
  /** Undefined where the watcher has seen all, and nothing more will come. */
  events (jobId: string, base: string, watch: Watch): Promise<JobStream | undefined>
}

export function jobOperations (queue: JobQueue, events: JobEvents, pollAfter: { min: number, max: number }): JobOperations {
  const view = (jobId: string, stored: StoredJob, base: string): Job =>
    toJob(jobId, stored, { now: Date.now(), links: jobLinks(base, jobId), pollAfter })

  const require = (jobId: string, found: Found): StoredJob => {
    switch (found.outcome) {
      case 'found': return found.stored
      case 'expired': throw withDetails(new JobExpiredError(new Date(found.expiredAt).toISOString()), { jobId })
      // The id is not repeated: of what anybody may send, nothing is sent back.
      case 'unknown': throw new JobNotFoundError()
    }
  }

  const find = async (jobId: string, withOutput: boolean): Promise<StoredJob> => require(jobId, await queue.read(jobId, withOutput))

  return {
    async submit (input, options, base, key) {
      // Whoever is under another path is somebody else: a tenant, for example.
      const submitted = await queue.submit(input, options, key === undefined ? undefined : hashOf(`${base}\n${key}`))
      if (submitted.outcome === 'conflict') throw new IdempotencyKeyReusedError()
      const { outcome, jobId, stored } = submitted
      return { job: view(jobId, stored, base), replayed: outcome === 'replayed' }
    },

    async status (jobId, base, wait) {
      const found = wait && await untilFinal(events, jobId, wait)
      return view(jobId, found === undefined ? await find(jobId, false) : require(jobId, found), base)
    },

    async result (jobId, base, wait) {
      if (wait !== undefined) await untilFinal(events, jobId, wait)
      const stored = await find(jobId, true)
      if (stored.state === 'completed') return stored.output
      const job = view(jobId, stored, base)
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

    async cancel (jobId, base) {
      await queue.cancel(jobId)
      const job = view(jobId, await find(jobId, false), base)
      if (job.status !== 'canceled') throw withDetails(new JobAlreadyFinishedError(job.status), { jobId })
      return job
    },

    events: (jobId, base, { after, signal }) => openJobStream(events, queue, jobId, {
      after,
      signal,
      view: stored => view(jobId, stored, base),
      require: found => require(jobId, found)
    })
  }
}

function hashOf (text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

/** The header that tells a client when to ask again (RFC 9110, section 10.2.3): whole seconds, none for a final job. */
export function retryAfter ({ pollAfterMs }: Job): Record<string, string> {
  return pollAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(pollAfterMs / 1000)) }
}
