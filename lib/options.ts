import { inspect } from 'node:util'
import { Type, type Static, type TObject, type TSchema, type TUnsafe } from '@sinclair/typebox'
import type { Backoff, JobDefinition, Retention } from '../types/definition.js'
import type { AsyncJobsOptions, Connection, CreateWorkerOptions, JobOptions, WorkerOptions } from '../types/options.js'
import type { Processor } from '../types/processor.js'
import { EmbeddedInProductionError, OptionInvalidError } from './errors.js'
import { compile, type ErrorObject, type ValidateFunction } from './validator.js'

/** What the worker gets: complete and frozen. */
export type ResolvedWorkerOptions = Readonly<Required<WorkerOptions>>

/** What the plugin gets: complete and frozen. */
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
  readonly jobOptions: AsyncJobsOptions<Definition>['jobOptions']
  /** s. */
  readonly maxWait: number
  readonly maxSubscriptions: number
}

/** The longest timer of Node.js in ms, and the largest integer of PostgreSQL. */
const MAX_INT32 = 2 ** 31 - 1

/** A hundred years in seconds: when a job expires must be a date. */
const MAX_RETENTION = 100 * 366 * 86_400

/** Not a union of literals: of that, Ajv reports each alternative. */
function oneOf<const Value extends string> (values: Value[], options?: { default: Value }): TUnsafe<Value> {
  return Type.Unsafe<Value>({ enum: values, ...options })
}

const workerFields = {
  concurrency: Type.Integer({ minimum: 1, maximum: 10_000, default: 1 }),
  sandbox: oneOf(['thread', 'process'], { default: 'thread' }),
  lockDuration: Type.Integer({ minimum: 100, maximum: MAX_INT32, default: 30_000 }),
  maxStalledCount: Type.Integer({ minimum: 0, maximum: MAX_INT32, default: 1 }),
  closeTimeout: Type.Integer({ minimum: 0, maximum: MAX_INT32, default: 10_000 })
}

/** Seconds that fit into a timer. */
const MAX_SECONDS = Math.floor(MAX_INT32 / 1_000)

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

const PluginOptions = Type.Object({
  routes: Type.Boolean({ default: true }),
  errors: oneOf(['problem', 'host'], { default: 'problem' }),
  publicUrl: Type.String({
    default: '',
    pattern: '^(?:https?://[^/?#]+)?(?:/[^?#]*[^/?#])?$',
    description: 'must be an http(s) URL or a path that begins with /, without a query and a slash at its end'
  }),
  pollAfter: Type.Object({
    min: Type.Integer({ minimum: 1, maximum: MAX_INT32, default: 1_000 }),
    max: Type.Integer({ minimum: 1, maximum: MAX_INT32, default: 10_000 })
  }, { default: {}, additionalProperties: false }),
  worker: Type.Object(workerFields, { default: {}, additionalProperties: false }),
  maxWait: Type.Integer({ minimum: 0, maximum: MAX_SECONDS, default: 60 }),
  maxSubscriptions: Type.Integer({ minimum: 1, maximum: 1_000_000, default: 1_000 })
}, { additionalProperties: false })

const StandaloneWorkerOptions = Type.Object(workerFields, { additionalProperties: false })

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

const checks = new Map<TSchema, ValidateFunction>()

/** A complete copy of `given`: unknown options and broken rules are errors, what is missing gets its default. */
function complete<Schema extends TObject> (schema: Schema, given: object, where: string): Static<Schema> {
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
      // Its value may be anything, a password too.
      return new OptionInvalidError(`${path}.${name}`, 'is no option', `a value of type ${typeof (data as Record<string, unknown>)[name]}`)
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
function isObject (value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A value as messages show it: of an object its kind, of a URL not its password. */
function show (value: unknown): string {
  const text = inspect(value, { depth: -1 }).replace(/:\/\/.*@/s, '://***@')
  return text.length > 100 ? `${text.slice(0, 100)}…` : text
}

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

/** Completes the plugin's options. `prefix`, `logLevel` and `logSerializers` are Fastify's own. */
export function resolveOptions<Definition extends JobDefinition> (
  given: AsyncJobsOptions<Definition> & { prefix?: string, logLevel?: unknown, logSerializers?: unknown },
  env: NodeJS.ProcessEnv
): ResolvedOptions<Definition> {
  const { prefix: _prefix, logLevel: _level, logSerializers: _serializers, job, connection, processor, jobOptions, ...rest } = given
  checkJob(job, 'options.job')
  checkProcessor(processor, 'options.processor')
  if (rest.worker !== undefined && processor === undefined) {
    throw new OptionInvalidError('options.worker', 'goes with processor: without one nothing runs here', show(rest.worker))
  }
  if (jobOptions !== undefined && typeof jobOptions !== 'function') {
    throw new OptionInvalidError('options.jobOptions', 'must be a function', show(jobOptions))
  }
  const options = complete(PluginOptions, rest, 'options')
  checkSandbox(processor, rest.worker, 'options.worker.sandbox')
  const { min, max } = options.pollAfter
  if (min > max) throw new OptionInvalidError('options.pollAfter', 'must have min <= max', `min ${min}, max ${max}`)
  if (connection === undefined && env['NODE_ENV'] === 'production') throw new EmbeddedInProductionError()
  return Object.freeze({
    ...options,
    job,
    // Not for null: that is a setting which could not be read, and no wish for a store in memory.
    connection: connection === undefined ? 'memory:' : connection,
    connectionDefaulted: connection === undefined,
    processor,
    jobOptions,
    worker: Object.freeze(options.worker),
    pollAfter: Object.freeze(options.pollAfter)
  })
}

/** Checks what one job is to have of its own. @throws `OPTION_INVALID` */
export function resolveJobOptions (given: JobOptions | undefined, where: string): JobOptions {
  if (given === undefined) return {}
  if (!isObject(given)) throw new OptionInvalidError(where, 'must be an object', show(given))
  return complete(SubmissionOptions, given, where)
}

/** Completes what `createWorker` was given. */
export function resolveWorkerOptions (job: JobDefinition, processor: unknown, given: CreateWorkerOptions): ResolvedWorkerOptions {
  checkJob(job, 'job')
  if (processor === undefined) throw new OptionInvalidError('processor', 'is required', 'nothing')
  checkProcessor(processor, 'processor')
  if (!isObject(given)) throw new OptionInvalidError('options', 'must be an object', show(given))
  const { connection, log, ...rest } = given
  if (connection === undefined) throw new OptionInvalidError('options.connection', 'is required', 'nothing')
  if (connection === 'memory:') {
    throw new OptionInvalidError('options.connection', 'must be shared with the service: memory: lives inside one app. Use redis://, postgres:// or, in the same process, file: or memory:<name>', show(connection))
  }
  if (log !== undefined && !isLogger(log)) {
    throw new OptionInvalidError('options.log', 'must have the methods debug, info, warn and error', show(log))
  }
  const options = complete(StandaloneWorkerOptions, rest, 'options')
  checkSandbox(processor, rest, 'options.sandbox')
  return Object.freeze(options)
}

function checkJob (job: unknown, where: string): void {
  const made = isObject(job) && Object.isFrozen(job) && ['input', 'output', ...DefinitionOptions.required].every(field => field in job)
  if (!made) throw new OptionInvalidError(where, 'must be what defineJob() returns', show(job))
}

function checkProcessor (processor: unknown, where: string): void {
  const known = processor === undefined || typeof processor === 'function' || typeof processor === 'string' || processor instanceof URL
  if (!known) throw new OptionInvalidError(where, 'must be a function, or the URL or absolute path of a module', show(processor))
}

function isLogger (log: unknown): boolean {
  return isObject(log) && ['debug', 'info', 'warn', 'error'].every(method => typeof Reflect.get(log, method) === 'function')
}

/** Only a module can be loaded elsewhere: a function would silently run here. */
function checkSandbox (processor: unknown, worker: WorkerOptions | undefined, name: string): void {
  if (typeof processor === 'function' && worker?.sandbox !== undefined) {
    throw new OptionInvalidError(name, 'goes with a processor that is a module: give its URL or absolute path', show(worker.sandbox))
  }
}
