import type { Check } from '../definition/checks.js'
import { isStorableJson } from '../base/json.js'
import { outputInvalid, returnedText } from './returned.js'
import { describeIssues } from '../definition/validator.js'

/** Makes the output to store from the value that a processor returned. Rejects with a JobError `OUTPUT_INVALID`. */
export type OutputCheck = (returned: unknown) => Promise<unknown>

/**
 * Makes the check of outputs. It checks the JSON of the value, which is what clients get, and not the value itself: a
 * Date becomes a string, and `undefined` disappears. A missing output becomes null.
 * @param takesAllText whether the store takes all characters, unlike PostgreSQL. Default: true
 */
export function createOutputCheck (check: Check, takesAllText = true): OutputCheck {
  return async returned => {
    const checked = await check(JSON.parse(returnedText(returned)))
    if (checked.issues !== undefined) throw outputInvalid(describeIssues(checked.issues))
    if (!takesAllText && !isStorableJson(JSON.stringify(checked.value))) throw outputInvalid('has characters that PostgreSQL does not store: U+0000, or half a surrogate pair')
    return checked.value
  }
}
