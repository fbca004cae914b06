import type { Schema } from '../../types/schema.js'
import type { StandardSchema } from '../../types/standard-schema.js'

/** Whether a schema is that of a library which validates by itself. Those of ArkType are functions. */
export function isStandard (schema: unknown): schema is StandardSchema {
  return (typeof schema === 'object' || typeof schema === 'function') && schema !== null && '~standard' in schema
}

/**
 * The JSON Schema of what goes in on one side of a schema, or comes out on the other, for the documentation and for
 * validators. Throws what its library throws where it has none.
 */
export function toJsonSchema (schema: Schema, side: 'input' | 'output'): Record<string, unknown> {
  if (!isStandard(schema)) return schema as Record<string, unknown>
  const { $schema, '~standard': _self, ...json } = schema['~standard'].jsonSchema[side]({ target: 'draft-2020-12' })
  return json
}
