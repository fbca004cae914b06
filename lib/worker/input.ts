import type { Check } from '../definition/checks.js'
import { JobError } from '../base/errors.js'
import { describeIssues } from '../definition/validator.js'

/**
 * Checks a stored input, because others may have put it there, and returns what the processor gets.
 * @throws JobError `INPUT_INVALID`, which is final: the input stays the same in the next attempt. The log gets the
 * details, clients do not.
 */
export async function readInput (check: Check, stored: unknown): Promise<unknown> {
  const checked = await check(stored)
  if (checked.issues === undefined) return checked.value
  throw new JobError('INPUT_INVALID', 'The input of the job does not have the promised form.', {
    retryable: false,
    cause: new TypeError(`The input ${describeIssues(checked.issues)}`)
  })
}
