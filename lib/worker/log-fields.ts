import { jsonOrText } from '../base/json.js'
import { UNREADABLE } from '../base/text-of.js'
import { isError, readPlain, toError, type Thrown } from '../base/thrown.js'

/** The fields of a log line, read once. Any logger can write them, and they can leave a sandbox. */
export interface LogFields {
  fields: Record<string, unknown>
  /** Errors are kept apart, because JSON would leave nothing of them. */
  errors: Record<string, Thrown>
}

/** Reads the fields of anything that is logged. A bare error becomes the field `err`, as in pino. */
export function readFields (logged: object): LogFields {
  const read: LogFields = { fields: {}, errors: {} }
  for (const [name, value] of isError(logged) ? [['err', logged] as const] : entriesOf(logged)) {
    if (isError(value)) read.errors[name] = readPlain(value)
    else if (value !== undefined) read.fields[name] = jsonOrText(value)
  }
  return read
}

/** Makes the object that a logger gets. */
export function toFields ({ fields, errors }: LogFields): object {
  return { ...fields, ...Object.fromEntries(Object.entries(errors).map(([name, thrown]) => [name, toError(thrown)])) }
}

function entriesOf (logged: object): Array<[name: string, value: unknown]> {
  try {
    return Object.keys(logged).map(name => [name, valueOf(logged, name)])
  } catch {
    // A Proxy may refuse to list its properties.
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
