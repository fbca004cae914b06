import type { InputOf, JobDefinition, OutputOf } from '../types/definition.js'
import type { JobHandle } from '../types/handle.js'
import { inputInvalid, type Check } from './checks.js'
import type { JobEvents } from './events/job-events.js'
import { InputInvalidError, OptionInvalidError, ServiceClosingError } from './errors.js'
import type { Caller, JobOperations } from './job-operations.js'
import type { JobQueue } from './job-queue.js'
import { isFinal } from './job-state.js'
import { toJson } from './json.js'
import { show } from './options/complete.js'
import { resolveJobOptions } from './options/definition.js'

/** A signal for callers that bring none. One for each: Node warns of many listeners to the same. */
function never (): AbortSignal {
  return new AbortController().signal
}

/** The operations as the host's own code sees them. */
export function createJobHandle<Definition extends JobDefinition> (
  checkInput: Check, queue: JobQueue, events: JobEvents, operations: JobOperations, base: string
): JobHandle<Definition> {
  const host: Caller = { base, owner: undefined }
  const resultOf = async (jobId: string): Promise<OutputOf<Definition>> => JSON.parse(await operations.result(jobId, host)) as OutputOf<Definition>
  return {
    async submit (given: InputOf<Definition>, { idempotencyKey, owner, ...options } = {}) {
      if (owner !== undefined && (typeof owner !== 'string' || owner === '')) throw new OptionInvalidError('options.owner', 'must be a string that is not empty', show(owner))
      const checked = await checkInput(jsonInput(given))
      if (checked.issues !== undefined) throw inputInvalid(checked.issues)
      const { job } = await operations.submit(checked.value, resolveJobOptions(options, 'options'), { base, owner }, idempotencyKey)
      return job
    },
    status: jobId => operations.status(jobId, host),
    result: resultOf,

    async wait (jobId, { signal = never(), timeout = Infinity } = {}) {
      signal.throwIfAborted()
      const job = await operations.status(jobId, host, { timeout, signal })
      signal.throwIfAborted()
      if (events.closed && !isFinal(job.status)) throw new ServiceClosingError()
      return await resultOf(jobId)
    },

    async * events (jobId, { after, signal = never() } = {}) {
      const stream = await operations.events(jobId, host, { after, signal })
      for await (const event of stream ?? []) {
        yield event
        if (event.type === 'job' && isFinal(event.job.status)) return
      }
      if (events.closed && !signal.aborted) throw new ServiceClosingError()
    },

    cancel: jobId => operations.cancel(jobId, host),
    get queue () { return queue.queue as JobHandle<Definition>['queue'] }
  }
}

/** An input as a client would send it. @throws `INPUT_INVALID` */
function jsonInput (given: unknown): unknown {
  try {
    return toJson(given)
  } catch (error) {
    throw new InputInvalidError((error as TypeError).message)
  }
}
