import type { Check } from '../checks.js'
import { JobError } from '../errors.js'
import { isStorableJson, toJson } from '../json.js'
import { describeIssues } from '../validator.js'

/** Turns what a processor returned into what is stored. Rejects with a JobError `OUTPUT_INVALID`. */
export type OutputCheck = (returned: unknown) => Promise<unknown>

/**
 * Checks what clients will get: the JSON of the value, not the value, as a Date becomes a string
 * and `undefined` disappears. No output is null.
 * @param takesAllText whether the store takes what PostgreSQL does not
 */
export function createOutputCheck (check: Check, takesAllText = true): OutputCheck {
  return async returned => {
    const checked = await check(jsonOf(returned))
    if (checked.issues !== undefined) throw invalid(describeIssues(checked.issues))
    if (!takesAllText && !isStorableJson(JSON.stringify(checked.value))) throw invalid('has characters that PostgreSQL does not store: U+0000, or half a surrogate pair')
    return checked.value
  }
}

/** What was returned, as JSON. @throws JobError `OUTPUT_INVALID` */
export function jsonOf (returned: unknown): unknown {
  try {
    return toJson(returned ?? null)
  } catch (error) {
    const { message, cause } = error as TypeError
    throw invalid(message, { cause })
  }
}

/** Retried like any failed attempt: the next one may do better. What is wrong is for the log, not for clients. */
function invalid (reason: string, options?: ErrorOptions): JobError {
  return new JobError('OUTPUT_INVALID', 'The job produced an output that does not have the promised form.', {
    retryable: true,
    cause: new TypeError(`The output ${reason}`, options)
  })
}
