import { createHash } from 'node:crypto'
import { InputInvalidError } from '../base/errors.js'
import { toJson } from '../base/json.js'

/** An input as a client would send it. @throws `INPUT_INVALID` */
export function jsonInput (given: unknown): unknown {
  try {
    return toJson(given)
  } catch (error) {
    throw new InputInvalidError(`it ${(error as TypeError).message}`)
  }
}

/** What is still to be written: a text as it is, or the JSON of a value. */
type Rest = { text: string } | { value: unknown }

/**
 * The same for what is the same JSON, whatever the order of its fields. Not by recursion: the stack may be too short
 * for what JSON can nest.
 * @param input as it came out of JSON, before anybody has filled in defaults; anything else may be without end
 */
export function hashOfInput (input: unknown): string {
  const parts: string[] = []
  // A stack: what comes first is pushed last.
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
