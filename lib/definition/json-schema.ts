import type { Schema } from '../../types/schema.js'
import type { StandardSchema } from '../../types/standard-schema.js'

/**
 * Whether a schema comes from a library with Standard Schema, which validates values itself. ArkType's are functions.
 */
export function isStandard (schema: unknown): schema is StandardSchema {
  return (typeof schema === 'object' || typeof schema === 'function') && schema !== null && '~standard' in schema
}

/**
 * Converts a schema to JSON Schema, for the documentation and for validators.
 * @param side `input`: the schema of values before the library transforms them. `output`: the schema of values after
 * that
 * @throws what the library throws if the schema has no JSON Schema
 */
export function toJsonSchema (schema: Schema, side: 'input' | 'output'): Record<string, unknown> {
  if (!isStandard(schema)) return schema as Record<string, unknown>
  const { $schema, '~standard': _self, ...json } = schema['~standard'].jsonSchema[side]({ target: 'draft-2020-12' })
  return json
}
