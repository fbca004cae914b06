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
