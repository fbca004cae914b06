import { Type } from '@sinclair/typebox'
import type { Backoff, Retention } from '../../types/definition.js'
import type { JobOptions } from '../../types/options.js'
import type { StandardSchema } from '../../types/standard-schema.js'
import { OptionInvalidError } from '../base/errors.js'
import { isStandard, toJsonSchema } from './json-schema.js'
import { complete, isObject, MAX_INT32, MAX_SECONDS, oneOf, show } from './complete.js'
import { placeOptions } from './places.js'

/**
 * A hundred years in seconds. There has to be a limit, because the time at which a job expires must be a valid date.
 */
const MAX_RETENTION = 100 * 366 * 86_400

const deadlines = {
  timeout: Type.Integer({ minimum: 1, maximum: MAX_INT32 }),
  startBy: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_SECONDS }))
}

const SubmissionOptions = Type.Object({
  ...deadlines,
  timeout: Type.Optional(deadlines.timeout),
  priority: Type.Optional(Type.Integer({ minimum: 0, maximum: 2 ** 21 })),
  delay: Type.Optional(Type.Integer({ minimum: 0, maximum: MAX_INT32 }))
}, { additionalProperties: false })

const DefinitionOptions = Type.Object({
  name: Type.String({
    pattern: '^[A-Za-z][A-Za-z0-9._-]{0,127}$',
    description: 'must begin with a letter and have at most 128 letters, digits, dots, dashes and underscores'
  }),
  description: Type.Optional(Type.String()),
  attempts: Type.Integer({ minimum: 1, maximum: 1_000, default: 3 }),
  backoff: Type.Object({
    type: oneOf(['fixed', 'exponential']),
    delay: Type.Integer({ minimum: 0, maximum: MAX_INT32 }),
    jitter: Type.Number({ minimum: 0, maximum: 1, default: 0 })
  }, { default: { type: 'exponential', delay: 1_000, jitter: 0.5 }, additionalProperties: false }),
  ...deadlines,
  timeout: Type.Integer({ ...deadlines.timeout, default: 600_000 }),
  retention: Type.Object({
    completed: Type.Integer({ minimum: 1, maximum: MAX_RETENTION, default: 86_400 }),
    failed: Type.Integer({ minimum: 1, maximum: MAX_RETENTION, default: 604_800 })
  }, { default: {}, additionalProperties: false }),
  maxOutputChunks: Type.Integer({ minimum: 0, maximum: 1_000_000, default: 10_000 }),
  maxOutputBytes: Type.Integer({ minimum: 0, maximum: MAX_INT32, default: 1_048_576 })
}, { additionalProperties: false })

placeOptions([...Object.keys(DefinitionOptions.properties), 'input', 'output'], '* of defineJob')
placeOptions(Object.keys(SubmissionOptions.properties), '* of jobOptions, and of submit')

/**
 * Checks that a schema can be converted to JSON Schema, which the documentation shows.
 * @throws `OPTION_INVALID`
 */
function checkConversion (schema: object, side: 'input' | 'output'): void {
  if (isStandard(schema) && !('jsonSchema' in schema['~standard'])) {
    throw new OptionInvalidError(`defineJob.${side}`, 'must have a conversion to JSON Schema (https://standardschema.dev/json-schema): Zod 4.2 and ArkType 2.1.28 have it, that of Valibot is toStandardJsonSchema(schema) of @valibot/to-json-schema', `a schema of ${String((schema as StandardSchema)['~standard'].vendor)} without it`)
  }
  try {
    toJsonSchema(schema, side)
  } catch (cause) {
    throw Object.assign(new OptionInvalidError(`defineJob.${side}`, `must be what JSON Schema can describe: ${(cause as Error).message}`, show(schema)), { cause })
  }
}

/**
 * Checks and completes the options of `defineJob`. Does not look into JSON Schemas, which belong to the app's
 * validator.
 * @throws `OPTION_INVALID`
 */
export function resolveDefinition (given: object): {
  name: string
  description?: string
  attempts: number
  backoff: Required<Backoff>
  timeout: number
  startBy?: number
  retention: Retention
  maxOutputChunks: number
  maxOutputBytes: number
} {
  if (!isObject(given)) throw new OptionInvalidError('defineJob', 'takes an object', show(given))
  const { input, output, ...rest } = given as { input?: unknown, output?: unknown }
  for (const [name, schema] of Object.entries({ input, output })) {
    if (!isObject(schema) && !isStandard(schema)) {
      throw new OptionInvalidError(`defineJob.${name}`, 'must be a schema such as Type.Object({ … })', show(schema))
    }
    checkConversion(schema, name as 'input' | 'output')
  }
  return complete(DefinitionOptions, rest, 'defineJob')
}

/**
 * Checks the options of a single job.
 * @param where the name of `given` in error messages
 * @throws `OPTION_INVALID`
 */
export function resolveJobOptions (given: JobOptions | undefined, where: string): JobOptions {
  if (given === undefined) return {}
  if (!isObject(given)) throw new OptionInvalidError(where, 'must be an object', show(given))
  return complete(SubmissionOptions, given, where)
}

/** @throws `OPTION_INVALID` if `job` does not come from `defineJob` */
export function checkJob (job: unknown, where: string): void {
  const made = isObject(job) && Object.isFrozen(job) && ['input', 'output', ...DefinitionOptions.required].every(field => field in job)
  if (!made) throw new OptionInvalidError(where, 'must be what defineJob() returns', show(job))
}
