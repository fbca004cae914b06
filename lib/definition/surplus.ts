import type { ErrorObject } from './validator.js'

/** A field that the schema of its object forbids. */
export interface SurplusField {
  /** JSON Pointer to the object that has the field. */
  pointer: string
  field: string
}

type Failure = Pick<ErrorObject, 'keyword' | 'schemaPath' | 'instancePath' | 'params'>

/**
 * Finds the fields to remove so that a value matches its schema, which says `additionalProperties: false`. In a union,
 * these are the fields of the one branch that matches without them. If several branches do, it is the branch that loses
 * the fewest fields.
 *
 * Ajv's own `removeAdditional` does not do: it removes the fields for each branch that it tries, even if that branch
 * does not match.
 */
export function findSurplus (errors: readonly Failure[]): SurplusField[] {
  /** The forbidden fields: by the pointer of their object, then by the path of the schema that forbids them. */
  const objects = new Map<string, Map<string, SurplusField[]>>()
  /** All other errors: by the pointer of each object around them, the paths of their schemas. */
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
  /** Whether an object matches a schema apart from its forbidden fields. */
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

/** The pointer itself, and the pointers of all objects and arrays around it. */
function holdersOf (pointer: string): string[] {
  const names = pointer.split('/')
  return names.map((_name, index) => names.slice(0, index + 1).join('/'))
}

/** Removes fields from a value, in place. */
export function remove (value: unknown, surplus: readonly SurplusField[]): void {
  for (const { pointer, field } of surplus) {
    const names = pointer.split('/').slice(1).map(name => name.replaceAll('~1', '/').replaceAll('~0', '~'))
    Reflect.deleteProperty(names.reduce((holder, name) => Reflect.get(holder, name) as object, value as object), field)
  }
}
