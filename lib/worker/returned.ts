import { JobError } from '../base/errors.js'
import { toJsonText } from '../base/json.js'

/** The JSON of a returned value; a missing value is null. @throws JobError `OUTPUT_INVALID` */
export function returnedText (returned: unknown): string {
  try {
    return toJsonText(returned ?? null)
  } catch (error) {
    // `toJsonText` throws nothing else.
    const { message, cause } = error as TypeError
    throw outputInvalid(message, { cause })
  }
}

/**
 * Makes a JobError `OUTPUT_INVALID`. The job is retried, as the next attempt may succeed. The log gets the reason,
 * clients do not.
 */
export function outputInvalid (reason: string, options?: ErrorOptions): JobError {
  return new JobError('OUTPUT_INVALID', 'The job produced an output that does not have the promised form.', {
    retryable: true,
    cause: new TypeError(`The output ${reason}`, options)
  })
}
