import type { InputOf, JobDefinition, OutputOf } from '../../types/definition.js'
import type { JobHandle } from '../../types/handle.js'
import { inputInvalid, type Check } from '../definition/checks.js'
import type { JobEvents } from '../events/job-events.js'
import { OptionInvalidError, ServiceClosingError } from '../base/errors.js'
import { followSignal } from '../base/follow-signal.js'
import { hashOfInput, jsonInput } from '../job/sent-input.js'
import type { Caller, JobOperations } from './operations.js'
import type { JobQueue } from '../queue/job-queue.js'
import { isFinal } from '../job/state.js'
import { checkOwner } from '../job/owner.js'
import { isObject, show } from '../definition/complete.js'
import { resolveJobOptions } from '../definition/options.js'

/** Makes the handle of a job, which `app.jobs(job)` returns. Its operations may see the jobs of all owners. */
export function createJobHandle<Definition extends JobDefinition> (
  checkInput: Check, queue: JobQueue, events: JobEvents, operations: JobOperations, at: Pick<Caller, 'path' | 'base'>
): JobHandle<Definition> {
  const host: Caller = { ...at, owner: undefined }
  // The cast holds because the schema that the type follows from has checked the output.
  const resultOf = async (jobId: string): Promise<OutputOf<Definition>> => JSON.parse(await operations.result(jobId, host)) as OutputOf<Definition>
  return {
    async submit (given: InputOf<Definition>, all = {}) {
      if (!isObject(all)) throw new OptionInvalidError('options', 'must be an object', show(all))
      const { idempotencyKey: key, owner, ...options } = all
      for (const [name, value] of Object.entries({ owner, idempotencyKey: key })) {
        if (value !== undefined && (typeof value !== 'string' || value === '')) throw new OptionInvalidError(`options.${name}`, 'must be a string that is not empty', show(value))
      }
      const input = jsonInput(given)
      const idempotency = key === undefined ? undefined : { key, inputHash: hashOfInput(input) }
      const checked = await checkInput(input)
      if (checked.issues !== undefined) throw inputInvalid(checked.issues)
      const { job } = await operations.submit(checked.value, resolveJobOptions(options, 'options'), { ...at, owner: owner === undefined ? undefined : checkOwner(owner) }, idempotency)
      return job
    },
    status: jobId => operations.status(jobId, host),
    result: resultOf,

    async wait (jobId, { signal: given, timeout = Infinity } = {}) {
      given?.throwIfAborted()
      const { signal, release } = followSignal(given)
      const job = await operations.status(jobId, host, { timeout, signal }).finally(release)
      given?.throwIfAborted()
      if (events.closed && !isFinal(job.status)) throw new ServiceClosingError()
      return await resultOf(jobId)
    },

    async * events (jobId, { after, signal: given } = {}) {
      const { signal, release } = followSignal(given)
      try {
        const stream = await operations.events(jobId, host, { after, signal })
        for await (const event of stream ?? []) {
          yield event
          if (event.type === 'job' && isFinal(event.job.status)) return
        }
        if (events.closed && !signal.aborted) throw new ServiceClosingError()
      } finally {
        release()
      }
    },

    cancel: jobId => operations.cancel(jobId, host),
    // BullMQ's types cannot tell that all jobs in this queue are those of the definition.
    get queue () { return queue.queue as JobHandle<Definition>['queue'] }
  }
}
