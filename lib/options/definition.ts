import { Type } from '@sinclair/typebox'
import type { Backoff, Retention } from '../../types/definition.js'
import type { JobOptions } from '../../types/options.js'
import { OptionInvalidError } from '../errors.js'
import { complete, isObject, MAX_INT32, MAX_SECONDS, oneOf, show } from './complete.js'

/** A hundred years in seconds: when a job expires must be a date. */
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

/** Completes what `defineJob` was given. The two schemas are not looked into: the host's validator owns them. */
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
    if (!isObject(schema)) {
      throw new OptionInvalidError(`defineJob.${name}`, 'must be a schema such as Type.Object({ … })', show(schema))
    }
  }
  return complete(DefinitionOptions, rest, 'defineJob')
}

/** Checks what one job is to have of its own. @throws `OPTION_INVALID` */
export function resolveJobOptions (given: JobOptions | undefined, where: string): JobOptions {
  if (given === undefined) return {}
  if (!isObject(given)) throw new OptionInvalidError(where, 'must be an object', show(given))
  return complete(SubmissionOptions, given, where)
}

/** Refuses a job that `defineJob` has not made. */
export function checkJob (job: unknown, where: string): void {
  const made = isObject(job) && Object.isFrozen(job) && ['input', 'output', ...DefinitionOptions.required].every(field => field in job)
  if (!made) throw new OptionInvalidError(where, 'must be what defineJob() returns', show(job))
}
