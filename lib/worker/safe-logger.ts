import type { JobLogger } from '../../types/processor.js'
import { readFields, toFields } from './log-fields.js'

type Line = [first: string | object, ...more: unknown[]]
type Write = (...line: Line) => void

/**
 * Makes a logger that never throws, so that no attempt ends differently because of its log. Without it, pino would
 * throw for frozen errors, as it marks those that it writes. Getters may throw, and so may a user's own logger.
 */
export function safeLogger<Log extends JobLogger> (log: Log): Log {
  const at = (level: keyof JobLogger): Write => (...line) => {
    try {
      (log[level] as Write)(...line)
    } catch {
      writeReadable(log, level, line)
    }
  }
  const own: JobLogger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
  // Everything else of the logger stays as it is.
  return new Proxy(own as Log, {
    get (own, name) {
      if (Object.hasOwn(own, name)) return Reflect.get(own, name)
      const value: unknown = Reflect.get(log, name)
      if (typeof value !== 'function') return value
      return name === 'child' ? (...args: unknown[]) => childOf(log, value, args) : value.bind(log) as unknown
    }
  })
}

function writeReadable (log: JobLogger, level: keyof JobLogger, [first, ...more]: Line): void {
  try {
    (log[level] as Write)(typeof first === 'object' ? toFields(readFields(first)) : first, ...more)
  } catch {
    // Nobody is left to report this to.
  }
}

function childOf (log: JobLogger, child: Function, args: unknown[]): JobLogger {
  try {
    return safeLogger(Reflect.apply(child, log, args) as JobLogger)
  } catch {
    return safeLogger(log)
  }
}
