import type { ErrorObject } from './validator.js'

/** A field that its schema forbids. */
export interface SurplusField {
  /** JSON Pointer to the object that has it. */
  pointer: string
  field: string
}

type Failure = Pick<ErrorObject, 'keyword' | 'schemaPath' | 'instancePath' | 'params'>

/**
 * The fields that keep a value from its schema which says `additionalProperties: false`. Of the branches of a
 * union only those of the one that fits but for them, and of several such the one that loses the fewest.
 * (Ajv's own `removeAdditional` takes them out for each branch that it tries, also for those that do not fit.)
 */
export function findSurplus (errors: readonly Failure[]): SurplusField[] {
  /** By object, then by the schema that forbids the fields. */
  const objects = new Map<string, Map<string, SurplusField[]>>()
  /** By each object that they are in, by which schemas. */
  const others = new Map<string, string[]>()
  for (const { keyword, schemaPath, instancePath: pointer, params } of errors) {
    if (keyword !== 'additionalProperties' && keyword !== 'unevaluatedProperties') {
      for (const holder of holdersOf(pointer)) append(others, holder, schemaPath)
      continue
    }
    const schemas = objects.get(pointer) ?? new Map<string, SurplusField[]>()
    objects.set(pointer, schemas)
    const schema = schemaPath.slice(0, -keyword.length)
    append(schemas, schema, { pointer, field: String(params['additionalProperty'] ?? params['unevaluatedProperty']) })
  }
  const fits = (pointer: string, schema: string): boolean =>
    !others.get(pointer)?.some(schemaPath => schemaPath.startsWith(schema))
  return [...objects].flatMap(([pointer, schemas]) => {
    const [fewest] = [...schemas]
      .filter(([schema]) => fits(pointer, schema))
      .map(([, fields]) => fields)
      .sort((one, other) => one.length - other.length)
    return fewest ?? []
  })
}

function append<Value> (lists: Map<string, Value[]>, key: string, value: Value): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [value])
  else list.push(value)
}

/** The place itself, and all that it is in. */
function holdersOf (pointer: string): string[] {
  const names = pointer.split('/')
  return names.map((_name, index) => names.slice(0, index + 1).join('/'))
}

/** Takes the fields out of a value. */
export function remove (value: unknown, surplus: readonly SurplusField[]): void {
  for (const { pointer, field } of surplus) {
    const names = pointer.split('/').slice(1).map(name => name.replaceAll('~1', '/').replaceAll('~0', '~'))
    Reflect.deleteProperty(names.reduce((holder, name) => Reflect.get(holder, name) as object, value as object), field)
  }
}
