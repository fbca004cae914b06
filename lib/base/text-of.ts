import { inspect } from 'node:util'

/** The text of a value whose reading throws. */
export const UNREADABLE = '[cannot be read]'

/** Turns any value into a text for people. Never throws. */
export function textOf (value: unknown): string {
  try {
    return typeof value === 'string' ? value : inspect(value)
  } catch {
    return UNREADABLE
  }
}

/** Cuts off a text after `longest` UTF-16 code units, and says how many it left out. */
export function shortened (text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest)}… (${text.length - longest} characters more)`
}
