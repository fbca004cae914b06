import type { JobLogger } from '../../types/processor.js'
import { readFields, toFields } from './log-fields.js'

type Line = [first: string | object, ...more: unknown[]]
type Write = (...line: Line) => void

/**
 * A logger that never throws, whatever it is told. pino marks the errors that it writes, which frozen ones do not
 * bear; getters may throw; a logger of somebody's own may do anything. No attempt may end differently for that.
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
  // What else a logger can do stays as it is.
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
    // There is nobody left to tell.
  }
}

function childOf (log: JobLogger, child: Function, args: unknown[]): JobLogger {
  try {
    return safeLogger(Reflect.apply(child, log, args) as JobLogger)
  } catch {
    return safeLogger(log)
  }
}
