import { inspect } from 'node:util'
import { Type, type Static, type TObject, type TSchema, type TUnsafe } from '@sinclair/typebox'
import { OptionInvalidError } from '../base/errors.js'
import { compile, type ErrorObject, type ValidateFunction } from './validator.js'
import { placeOf } from './places.js'

/* How options are checked and completed, whatever they are for. */

/** The longest timer of Node.js in ms, and the largest integer of PostgreSQL. */
export const MAX_INT32 = 2 ** 31 - 1

/** Seconds that fit into a timer. */
export const MAX_SECONDS = Math.floor(MAX_INT32 / 1_000)

/** Not a union of literals: of that, Ajv reports each alternative. */
export function oneOf<const Value extends string> (values: Value[], options?: { default: Value }): TUnsafe<Value> {
  return Type.Unsafe<Value>({ enum: values, ...options })
}

const checks = new Map<TSchema, ValidateFunction>()

/** A complete copy of `given`: unknown options and broken rules are errors, what is missing gets its default. */
export function complete<Schema extends TObject> (schema: Schema, given: object, where: string): Static<Schema> {
  const check = checks.get(schema) ?? compile(schema, { useDefaults: true })
  checks.set(schema, check)
  const copy = copyOf(given, schema)
  if (check(copy)) return copy as Static<Schema>
  const [error] = check.errors as [ErrorObject]
  throw brokenRule(error, where)
}

/** What was passed stays as it is: the copy gets the defaults. An option that is set to undefined is one that is left out. */
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
      // Its value may be anything, a password too.
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

/** What holds options: literals, objects without a prototype, instances of a host's own configuration class. */
export function isObject (value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A value as messages show it: of an object its kind, of a URL not its password. */
export function show (value: unknown): string {
  const text = inspect(value, { depth: -1 }).replace(/:\/\/.*@/s, '://***@')
  return text.length > 100 ? `${text.slice(0, 100)}…` : text
}
