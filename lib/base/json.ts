import { textOf } from './text-of.js'

/**
 * The JSON of a value, parsed again: what becomes of it in a store.
 * @throws TypeError that says, for people, what the value is instead
 */
export function toJson (value: unknown): unknown {
  return JSON.parse(toJsonText(value))
}

/**
 * The JSON of a value.
 * @throws TypeError that says, for people, what the value is instead
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

/** What is not JSON is told as text: where a value only tells people something, it must not be what fails. */
export function jsonOrText (value: unknown): unknown {
  try {
    return toJson(value)
  } catch {
    return textOf(value)
  }
}

/** U+0000 and halves of surrogate pairs, as JSON writes them: the backslash before is no escaped one. */
const UNSTORABLE = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f][0-9a-f]{2})/

/** Whether PostgreSQL takes a JSON as `jsonb`. */
export function isStorableJson (text: string): boolean {
  return !UNSTORABLE.test(text)
}

/** A text as every store takes it: PostgreSQL refuses U+0000 and halves of surrogate pairs. */
export function storableText (text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD')
}
