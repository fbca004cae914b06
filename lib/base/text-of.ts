import { inspect } from 'node:util'

/** What stands for what cannot even be read. */
export const UNREADABLE = '[cannot be read]'

/** A value as text for people, whatever it is. */
export function textOf (value: unknown): string {
  try {
    return typeof value === 'string' ? value : inspect(value)
  } catch {
    return UNREADABLE
  }
}

/** The beginning of a text, which says how much it leaves out. Lengths are in UTF-16 code units. */
export function shortened (text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest)}… (${text.length - longest} characters more)`
}
