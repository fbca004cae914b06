import { jsonOrText } from '../base/json.js'
import { UNREADABLE } from '../base/text-of.js'
import { isError, readPlain, toError, type Thrown } from '../base/thrown.js'

/** The fields of a log line, read once: what any logger can write, and what can leave a sandbox. */
export interface LogFields {
  fields: Record<string, unknown>
  /** Apart, as JSON would leave nothing of them. */
  errors: Record<string, Thrown>
}

/** Reads what was to be logged, whatever it is. An error by itself is the field `err`, as pino has it. */
export function readFields (logged: object): LogFields {
  const read: LogFields = { fields: {}, errors: {} }
  for (const [name, value] of isError(logged) ? [['err', logged] as const] : entriesOf(logged)) {
    if (isError(value)) read.errors[name] = readPlain(value)
    else if (value !== undefined) read.fields[name] = jsonOrText(value)
  }
  return read
}

/** What a logger is to get. */
export function toFields ({ fields, errors }: LogFields): object {
  return { ...fields, ...Object.fromEntries(Object.entries(errors).map(([name, thrown]) => [name, toError(thrown)])) }
}

function entriesOf (logged: object): Array<[name: string, value: unknown]> {
  try {
    return Object.keys(logged).map(name => [name, valueOf(logged, name)])
  } catch {
    // A Proxy that does not say.
    return [['unreadable', UNREADABLE]]
  }
}

function valueOf (logged: object, name: string): unknown {
  try {
    return Reflect.get(logged, name)
  } catch {
    return UNREADABLE
  }
}
