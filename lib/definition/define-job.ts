import type { JobDefinition, JobDefinitionOptions } from '../../types/definition.js'
import type { Schema } from '../../types/schema.js'
import { resolveDefinition } from './options.js'

/**
 * Defines a job: its name, its input, its output, and how often and how long it is tried. Server, worker and client
 * take their types and rules from the definition. It is frozen.
 * @throws `OPTION_INVALID` for an unknown option or a broken rule
 */
export function defineJob<const Name extends string, const Input extends Schema, const Output extends Schema> (
  options: JobDefinitionOptions<Name, Input, Output>
): JobDefinition<Name, Input, Output> {
  const resolved = resolveDefinition(options)
  return Object.freeze({
    ...resolved,
    name: options.name,
    input: options.input,
    output: options.output,
    backoff: Object.freeze(resolved.backoff),
    retention: Object.freeze(resolved.retention)
  })
}
