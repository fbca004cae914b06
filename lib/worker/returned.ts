import { JobError } from '../base/errors.js'
import { toJsonText } from '../base/json.js'

/** What was returned, as JSON text; nothing is null. @throws JobError `OUTPUT_INVALID` */
export function returnedText (returned: unknown): string {
  try {
    return toJsonText(returned ?? null)
  } catch (error) {
    const { message, cause } = error as TypeError
    throw outputInvalid(message, { cause })
  }
}

/** Retried like any failed attempt: the next one may do better. What is wrong is for the log, not for clients. */
export function outputInvalid (reason: string, options?: ErrorOptions): JobError {
  return new JobError('OUTPUT_INVALID', 'The job produced an output that does not have the promised form.', {
    retryable: true,
    cause: new TypeError(`The output ${reason}`, options)
  })
}
