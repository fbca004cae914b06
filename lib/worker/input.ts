import type { Check } from '../definition/checks.js'
import { JobError } from '../base/errors.js'
import { describeIssues } from '../definition/validator.js'

/**
 * What a processor gets of a stored input: others may have put it there.
 * Rejects with a JobError `INPUT_INVALID`, which is final: it will not be another one the next time. What is wrong
 * is for the log, not for clients.
 */
export async function readInput (check: Check, stored: unknown): Promise<unknown> {
  const checked = await check(stored)
  if (checked.issues === undefined) return checked.value
  throw new JobError('INPUT_INVALID', 'The input of the job does not have the promised form.', {
    cause: new TypeError(`The input ${describeIssues(checked.issues)}`)
  })
}
