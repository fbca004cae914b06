import { textOf } from './text-of.js'

/**
 * Turns a value into JSON and parses that again. The result is the value as a store returns it.
 * @throws TypeError if the value is not JSON. Its message says, for people, what the value is instead
 */
export function toJson (value: unknown): unknown {
  return JSON.parse(toJsonText(value))
}

/**
 * Turns a value into the text of its JSON.
 * @throws TypeError if the value is not JSON. Its message says, for people, what the value is instead
 */
export function toJsonText (value: unknown): string {
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch (cause) {
    throw new TypeError(cause instanceof RangeError ? 'is nested too deeply' : 'is not JSON', { cause })
  }
  if (text === undefined) throw new TypeError(`is not JSON, but of type ${typeof value}`)
  return text
}

/**
 * Like `toJson`, but turns a value that is not JSON into a text. For values that only inform people, and must not fail.
 */
export function jsonOrText (value: unknown): unknown {
  try {
    return toJson(value)
  } catch {
    return textOf(value)
  }
}

/**
 * Matches U+0000 and halves of surrogate pairs as JSON writes them. An even number of backslashes may come before the
 * escape: those are escaped backslashes.
 */
const UNSTORABLE = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f][0-9a-f]{2})/

/** Whether PostgreSQL stores a JSON text as `jsonb`. */
export function isStorableJson (text: string): boolean {
  return !UNSTORABLE.test(text)
}

/**
 * Makes a text that every store takes. PostgreSQL refuses U+0000 and halves of surrogate pairs, so U+FFFD replaces
 * them.
 */
export function storableText (text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD')
}
