import { inspect } from 'node:util'
import type { JobLogger } from '../../types/processor.js'

/** What moves the cursor of a terminal, colours it, or turns the direction of writing, so that other lines could be rewritten. */
const CONTROLS = /[^\P{Cc}\t\n]|[\u2028-\u202e\u2066-\u2069]/gu

/**
 * The logger of a worker that was given none. What it is told may have come from clients, as the message of an
 * error may have: only a line that is not indented begins an entry.
 */
export const consoleLogger: JobLogger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }

function at (level: keyof JobLogger): (first: string | object, message?: string) => void {
  return (first, message) => {
    const fields = typeof first === 'string' ? first : inspect(first)
    const entry = message === undefined ? fields : `${message} ${fields}`
    console[level](entry.replace(CONTROLS, escape).replaceAll('\n', '\n  '))
  }
}

function escape (character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
