import { inspect } from 'node:util'
import { Type, type Static, type TSchema } from '@sinclair/typebox'
import type { Backoff, JobDefinition, Retention } from '../types/definition.js'
import type { AsyncJobsOptions, Connection, CreateWorkerOptions, WorkerOptions } from '../types/options.js'
import type { Processor } from '../types/processor.js'
import { EmbeddedInProductionError, OptionInvalidError } from './errors.js'
import { compile, type ValidateFunction } from './validator.js'

/** What the tests, the worker and the routes get: complete and frozen. */
export type ResolvedWorkerOptions = Readonly<Required<WorkerOptions>>

export interface ResolvedOptions<Definition extends JobDefinition = JobDefinition> {
  readonly job: Definition
  readonly connection: Connection
  /** Whether `connection` was left out. */
  readonly connectionDefaulted: boolean
  readonly processor: Processor<Definition> | URL | string | undefined
  readonly worker: ResolvedWorkerOptions
  readonly routes: boolean
  readonly errors: 'problem' | 'host'
  readonly publicUrl: string
  readonly pollAfter: Readonly<{ min: number, max: number }>
}

const MAX_TIMER = 2 ** 31 - 1

const workerFields = {
  concurrency: Type.Integer({ minimum: 1, maximum: 10_000, default: 1 }),
  sandbox: Type.Union([Type.Literal('thread'), Type.Literal('process')], { default: 'thread' }),
  lockDuration: Type.Integer({ minimum: 100, maximum: MAX_TIMER, default: 30_000 }),
  maxStalledCount: Type.Integer({ minimum: 0, default: 1 }),
  closeTimeout: Type.Integer({ minimum: 0, maximum: MAX_TIMER, default: 10_000 })
}

const PluginOptions = Type.Object({
  routes: Type.Boolean({ default: true }),
  errors: Type.Union([Type.Literal('problem'), Type.Literal('host')], { default: 'problem' }),
  publicUrl: Type.String({ default: '', pattern: '^(?:https?://[^/?#]+)?(?:/[^?#]*[^/?#])?$' }),
  pollAfter: Type.Object({
    min: Type.Integer({ minimum: 1, maximum: MAX_TIMER, default: 1_000 }),
    max: Type.Integer({ minimum: 1, maximum: MAX_TIMER, default: 10_000 })
  }, { default: {}, additionalProperties: false }),
  worker: Type.Object(workerFields, { default: {}, additionalProperties: false })
}, { additionalProperties: false })

const StandaloneWorkerOptions = Type.Object(workerFields, { additionalProperties: false })

const DefinitionOptions = Type.Object({
  name: Type.String({ pattern: '^[A-Za-z][A-Za-z0-9._-]{0,127}$' }),
  description: Type.Optional(Type.String()),
  attempts: Type.Integer({ minimum: 1, maximum: 1_000, default: 3 }),
  backoff: Type.Object({
    type: Type.Union([Type.Literal('fixed'), Type.Literal('exponential')]),
    delay: Type.Integer({ minimum: 0, maximum: MAX_TIMER }),
    jitter: Type.Number({ minimum: 0, maximum: 1, default: 0 })
  }, { default: { type: 'exponential', delay: 1_000, jitter: 0.5 }, additionalProperties: false }),
  timeout: Type.Integer({ minimum: 1, maximum: MAX_TIMER, default: 600_000 }),
  retention: Type.Object({
    completed: Type.Integer({ minimum: 1, default: 86_400 }),
    failed: Type.Integer({ minimum: 1, default: 604_800 })
  }, { default: {}, additionalProperties: false })
}, { additionalProperties: false })

const checks = new Map<TSchema, ValidateFunction>()

/** A complete copy of `given`: unknown options and broken rules are errors, what is missing gets its default. */
function complete<Schema extends TSchema> (schema: Schema, given: object, where: string): Static<Schema> {
  const check = checks.get(schema) ?? compile(schema, { useDefaults: true })
  checks.set(schema, check)
  const copy = withoutUndefined(given)
  if (check(copy)) return copy as Static<Schema>
  const error = check.errors?.find(({ keyword }) => keyword !== 'const') ?? check.errors?.[0]
  const path = [where, ...(error?.instancePath.split('/').slice(1) ?? [])].join('.')
  switch (error?.keyword) {
    case 'additionalProperties':
      throw new OptionInvalidError(`${path}.${String(error.params['additionalProperty'])}`, 'is no option', show(error.params['additionalProperty']))
    case 'required':
      throw new OptionInvalidError(`${path}.${String(error.params['missingProperty'])}`, 'is required', 'nothing')
    case 'anyOf':
      throw new OptionInvalidError(path, `must be one of ${(error.parentSchema?.['anyOf'] as Array<{ const: string }>).map(choice => choice.const).join(', ')}`, show(error.data))
    default:
      throw new OptionInvalidError(path, error?.message ?? 'is not valid', show(error?.data))
  }
}

/** An option that is set to undefined is an option that is left out. */
function withoutUndefined (value: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .map(([name, field]) => [name, isPlainObject(field) ? withoutUndefined(field) : field]))
}

function isPlainObject (value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}

function show (value: unknown): string {
  return inspect(value, { depth: 0, maxStringLength: 80, breakLength: Infinity })
}

/** Completes what `defineJob` was given. The two schemas are not looked into: the host's validator owns them. */
export function resolveDefinition (given: object): {
  name: string
  description?: string
  attempts: number
  backoff: Required<Backoff>
  timeout: number
  retention: Retention
} {
  if (!isPlainObject(given)) throw new OptionInvalidError('defineJob', 'takes an object', show(given))
  const { input, output, ...rest } = given as { input?: unknown, output?: unknown }
  for (const [name, schema] of Object.entries({ input, output })) {
    if (typeof schema !== 'object' || schema === null) {
      throw new OptionInvalidError(`defineJob.${name}`, 'must be a schema such as Type.Object({ … })', show(schema))
    }
  }
  return complete(DefinitionOptions, rest, 'defineJob')
}

/** Completes the plugin's options. `prefix`, `logLevel` and `logSerializers` are Fastify's own. */
export function resolveOptions<Definition extends JobDefinition> (
  given: AsyncJobsOptions<Definition> & { prefix?: string, logLevel?: unknown, logSerializers?: unknown },
  env: NodeJS.ProcessEnv
): ResolvedOptions<Definition> {
  const { prefix: _prefix, logLevel: _level, logSerializers: _serializers, job, connection, processor, ...rest } = given
  checkJob(job)
  checkProcessor(processor)
  if (rest.worker !== undefined && processor === undefined) {
    throw new OptionInvalidError('worker', 'goes with processor: without one nothing runs here', show(rest.worker))
  }
  const options = complete(PluginOptions, rest, 'options')
  if (options.pollAfter.min > options.pollAfter.max) {
    throw new OptionInvalidError('options.pollAfter.min', `must be <= max (${options.pollAfter.max})`, show(options.pollAfter.min))
  }
  if (connection === undefined && env['NODE_ENV'] === 'production') throw new EmbeddedInProductionError()
  return Object.freeze({
    ...options,
    job,
    connection: connection ?? 'memory:',
    connectionDefaulted: connection === undefined,
    processor,
    worker: Object.freeze(options.worker),
    pollAfter: Object.freeze(options.pollAfter)
  })
}

/** Completes what `createWorker` was given. */
export function resolveWorkerOptions (job: JobDefinition, processor: unknown, given: CreateWorkerOptions): ResolvedWorkerOptions {
  checkJob(job)
  if (processor === undefined) throw new OptionInvalidError('processor', 'is required', 'nothing')
  checkProcessor(processor)
  if (!isPlainObject(given)) throw new OptionInvalidError('createWorker options', 'must be an object', show(given))
  const { connection, log, ...rest } = given
  if (connection === undefined) throw new OptionInvalidError('options.connection', 'is required', 'nothing')
  if (connection === 'memory:') {
    throw new OptionInvalidError('options.connection', 'must be shared with the service: memory: lives inside one app. Use redis://, postgres:// or, in the same process, file: or memory:<name>', show(connection))
  }
  return Object.freeze(complete(StandaloneWorkerOptions, rest, 'options'))
}

function checkJob (job: unknown): void {
  const made = isPlainObject(job) && Object.isFrozen(job) && 'input' in job && 'output' in job && 'retention' in job
  if (!made) throw new OptionInvalidError('job', 'must be what defineJob() returns', show(job))
}

function checkProcessor (processor: unknown): void {
  const known = processor === undefined || typeof processor === 'function' || typeof processor === 'string' || processor instanceof URL
  if (!known) throw new OptionInvalidError('processor', 'must be a function, or the URL or absolute path of a module', show(processor))
}
