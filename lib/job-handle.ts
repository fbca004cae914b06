import type { InputOf, JobDefinition, OutputOf } from '../types/definition.js'
import type { JobHandle } from '../types/handle.js'
import type { Job } from '../types/job.js'
import { InputInvalidError, JobCanceledError, JobExpiredError, JobFailedError, JobNotFinishedError, JobNotFoundError, withDetails } from './errors.js'
import { fromFailedReason, publicFailure } from './failure.js'
import { jobLinks } from './job-links.js'
import type { JobQueue } from './job-queue.js'
import { toJob } from './job-state.js'
import type { StoredJob } from './stored-job.js'
import { toJson } from './json.js'
import { compile, describeIssues, toIssues, type ValidateFunction } from './validator.js'

/**
 * What can be asked of a job, whether by a route or by the host's own code. `base` is the path
 * under which the job's routes are reached, for its links.
 */
export interface JobOperations {
  submit (input: unknown, base: string): Promise<Job>
  status (jobId: string, base: string): Promise<Job>
  result (jobId: string, base: string): Promise<unknown>
}

export function jobOperations (queue: JobQueue, pollAfter: { min: number, max: number }): JobOperations {
  const view = (jobId: string, stored: StoredJob, base: string): Job =>
    toJob(jobId, stored, { now: Date.now(), links: jobLinks(base, jobId), pollAfter })

  /** @throws `JOB_NOT_FOUND`, `JOB_EXPIRED` */
  const find = async (jobId: string, withOutput: boolean): Promise<StoredJob> => {
    const found = await queue.read(jobId, withOutput)
    switch (found.outcome) {
      case 'found': return found.stored
      case 'expired': throw withDetails(new JobExpiredError(new Date(found.expiredAt).toISOString()), { jobId })
      // The id is not repeated: of what anybody may send, nothing is sent back.
      case 'unknown': throw new JobNotFoundError()
    }
  }

  return {
    async submit (input, base) {
      const { jobId, stored } = await queue.submit(input)
      return view(jobId, stored, base)
    },

    async status (jobId, base) {
      return view(jobId, await find(jobId, false), base)
    },

    async result (jobId, base) {
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
    }
  }
}

/** The header that tells a client when to ask again (RFC 9110, section 10.2.3): whole seconds, none for a final job. */
export function retryAfter ({ pollAfterMs }: Job): Record<string, string> {
  return pollAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(pollAfterMs / 1000)) }
}

/** An input as a client would send it. @throws `INPUT_INVALID` */
function jsonInput (given: unknown): unknown {
  try {
    return toJson(given)
  } catch (error) {
    throw new InputInvalidError((error as TypeError).message)
  }
}

/** The operations as the host's own code sees them. */
export function createJobHandle<Definition extends JobDefinition> (
  definition: Definition, queue: JobQueue, operations: JobOperations, base: string
): JobHandle<Definition> {
  // At the first use: a schema may refer to one of the host's, which only the host's validator knows.
  let check: ValidateFunction | undefined
  return {
    async submit (given: InputOf<Definition>) {
      check ??= compile(definition.input)
      const input = jsonInput(given)
      if (!check(input)) {
        const issues = toIssues(check.errors)
        throw withDetails(new InputInvalidError(describeIssues(issues)), { issues })
      }
      return operations.submit(input, base)
    },
    status: jobId => operations.status(jobId, base),
    result: async jobId => await operations.result(jobId, base) as OutputOf<Definition>,
    get queue () { return queue.queue as JobHandle<Definition>['queue'] }
  }
}
