import type { Check } from '../definition/checks.js'
import { OutputInvalidError, withDetails } from '../base/errors.js'
import type { StoredOutput } from './stored-job.js'
import { describeIssues } from '../definition/validator.js'

/** The output of a completed job, as JSON. @throws `OUTPUT_INVALID` where others stored what is none */
export type ReadOutput = (jobId: string, stored: StoredOutput) => Promise<string>

/**
 * What our workers store they have checked by the schema that they knew: it goes out as it is, whatever the
 * schema says by now. What others store is checked here.
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
