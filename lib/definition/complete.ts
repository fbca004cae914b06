import { inspect } from 'node:util'
import { Type, type Static, type TObject, type TSchema, type TUnsafe } from '@sinclair/typebox'
import { OptionInvalidError } from '../base/errors.js'
import { compile, type ErrorObject, type ValidateFunction } from './validator.js'
import { placeOf } from './places.js'

/* Checks and completes the options of `defineJob`, of the plugin, of workers and of single jobs. */

/** The longest timer of Node.js in ms, and the largest integer of PostgreSQL. */
export const MAX_INT32 = 2 ** 31 - 1

/** The longest timer of Node.js in whole seconds. */
export const MAX_SECONDS = Math.floor(MAX_INT32 / 1_000)

/** The schema of an option with a fixed set of values. An enum, because Ajv reports each alternative of a union. */
export function oneOf<const Value extends string> (values: Value[], options?: { default: Value }): TUnsafe<Value> {
  return Type.Unsafe<Value>({ enum: values, ...options })
}

const checks = new Map<TSchema, ValidateFunction>()

/**
 * Returns a copy of `given` in which all missing options have their default.
 * @param where the name of `given` in error messages
 * @throws `OPTION_INVALID` for an unknown option or a broken rule
 */
export function complete<Schema extends TObject> (schema: Schema, given: object, where: string): Static<Schema> {
  const check = checks.get(schema) ?? compile(schema, { useDefaults: true })
  checks.set(schema, check)
  const copy = copyOf(given, schema)
  if (check(copy)) return copy as Static<Schema>
  const [error] = check.errors as [ErrorObject]
  throw brokenRule(error, where)
}

/**
 * Copies options, so that Ajv does not fill in defaults in the caller's object. Leaves out options that are undefined.
 */
function copyOf (given: object, { properties }: TObject): Record<string, unknown> {
  return Object.fromEntries(Object.entries(given)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => {
      const schema = properties[name]
      return [name, schema?.['type'] === 'object' && isObject(value) ? copyOf(value, schema as TObject) : value]
    }))
}

function brokenRule ({ keyword, instancePath, params, parentSchema, data, message }: ErrorObject, where: string): Error {
  const path = [where, ...instancePath.split('/').slice(1)].join('.')
  switch (keyword) {
    case 'additionalProperties': {
      const name = String(params['additionalProperty'])
      const place = placeOf(name)
      // The value of an unknown option may be anything, even a password: show only its type.
      return new OptionInvalidError(`${path}.${name}`, place === undefined ? 'is no option' : `is no option here: it is ${place}`, `a value of type ${typeof (data as Record<string, unknown>)[name]}`)
    }
    case 'required':
      return new OptionInvalidError(`${path}.${String(params['missingProperty'])}`, 'is required', 'nothing')
    case 'enum':
      return new OptionInvalidError(path, `must be one of ${(params['allowedValues'] as string[]).join(', ')}`, show(data))
    default:
      return new OptionInvalidError(path, String(parentSchema?.['description'] ?? message), show(data))
  }
}

/**
 * Whether a value can hold options: an object literal, an object without a prototype, or an instance of an app's own
 * configuration class.
 */
export function isObject (value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Formats a value for error messages, in at most 100 characters. Shows only the kind of an object, and hides a URL's
 * password.
 */
export function show (value: unknown): string {
  const text = inspect(value, { depth: -1 }).replace(/:\/\/.*@/s, '://***@')
  return text.length > 100 ? `${text.slice(0, 100)}…` : text
}
