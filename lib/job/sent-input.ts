import { createHash } from 'node:crypto'
import { InputInvalidError } from '../base/errors.js'
import { toJson } from '../base/json.js'

/**
 * Turns an input from the app's own code into the JSON value that a client would send.
 * @throws `INPUT_INVALID` if it is not JSON
 */
export function jsonInput (given: unknown): unknown {
  try {
    return toJson(given)
  } catch (error) {
    // toJson throws only TypeErrors.
    throw new InputInvalidError(`it ${(error as TypeError).message}`)
  }
}

/** A piece of the text that is hashed and still has to be written: a finished text, or a value that becomes JSON. */
type Rest = { text: string } | { value: unknown }

/**
 * Hashes an input. Inputs that are the same JSON have the same hash, whatever the order of their fields. The function
 * is not recursive, because JSON may be nested more deeply than the call stack allows.
 * @param input must come out of JSON, before defaults are filled in. Another value may have cycles, and the loop would
 * never end
 */
export function hashOfInput (input: unknown): string {
  const parts: string[] = []
  // A stack: the piece that is written first is pushed last.
  const rest: Rest[] = [{ value: input }]
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    if ('text' in next) parts.push(next.text)
    else if (Array.isArray(next.value)) {
      parts.push('[')
      rest.push({ text: ']' })
      for (const value of next.value.toReversed() as unknown[]) rest.push({ text: ',' }, { value })
    } else if (typeof next.value === 'object' && next.value !== null) {
      parts.push('{')
      rest.push({ text: '}' })
      const fields = Object.entries(next.value).sort(([one], [other]) => one < other ? 1 : -1)
      for (const [name, value] of fields) rest.push({ text: ',' }, { value }, { text: `${JSON.stringify(name)}:` })
    } else parts.push(JSON.stringify(next.value))
  }
  return createHash('sha256').update(parts.join('')).digest('base64url')
}
