import type { Check } from '../definition/checks.js'
import { isStorableJson } from '../base/json.js'
import { outputInvalid, returnedText } from './returned.js'
import { describeIssues } from '../definition/validator.js'

/** Turns what a processor returned into what is stored. Rejects with a JobError `OUTPUT_INVALID`. */
export type OutputCheck = (returned: unknown) => Promise<unknown>

/**
 * Checks what clients will get: the JSON of the value, not the value, as a Date becomes a string
 * and `undefined` disappears. No output is null.
 * @param takesAllText whether the store takes what PostgreSQL does not
 */
export function createOutputCheck (check: Check, takesAllText = true): OutputCheck {
  return async returned => {
    const checked = await check(JSON.parse(returnedText(returned)))
    if (checked.issues !== undefined) throw outputInvalid(describeIssues(checked.issues))
    if (!takesAllText && !isStorableJson(JSON.stringify(checked.value))) throw outputInvalid('has characters that PostgreSQL does not store: U+0000, or half a surrogate pair')
    return checked.value
  }
}
