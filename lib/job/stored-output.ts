import type { Check } from '../definition/checks.js'
import { OutputInvalidError, withDetails } from '../base/errors.js'
import type { StoredOutput } from './stored-job.js'
import { describeIssues } from '../definition/validator.js'

/**
 * Returns the output of a completed job, as JSON.
 * @throws `OUTPUT_INVALID` if a worker of somebody else stored an output that does not match the schema
 */
export type ReadOutput = (jobId: string, stored: StoredOutput) => Promise<string>

/**
 * Makes the reader of a job's outputs. A worker of this package has checked an output before it stored it. That output
 * is returned unchanged, even if the schema has changed since. The reader checks outputs of all other workers.
 */
export function createOutputReader (check: Check): ReadOutput {
  return async (jobId, { text, checked }) => {
    if (checked) return text
    const invalid = (reason: string, options?: ErrorOptions): Error =>
      Object.assign(withDetails(new OutputInvalidError(), { jobId }), { cause: new TypeError(`The output ${reason}`, options) })
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch (cause) {
      throw invalid('is not JSON', { cause })
    }
    const result = await check(value)
    if (result.issues !== undefined) throw invalid(describeIssues(result.issues))
    return JSON.stringify(result.value)
  }
}
