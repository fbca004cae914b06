import { inspect } from 'node:util'
import type { JobLogger } from '../../types/processor.js'

/**
 * Characters with which a text could rewrite other lines: they move the cursor of a terminal, change colours, or turn
 * the direction of writing.
 */
const CONTROLS = /[^\P{Cc}\t\n]|[\u2028-\u202e\u2066-\u2069]/gu

/**
 * The logger of a worker without `options.log`. Texts that it logs, like the message of an error, may come from
 * clients. So only a line without indentation begins an entry.
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
