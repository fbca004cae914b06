import { Type } from '@sinclair/typebox'
import type { JobDefinition } from '../../types/definition.js'
import type { CreateWorkerOptions, WorkerOptions } from '../../types/options.js'
import { OptionInvalidError } from '../base/errors.js'
import { complete, isObject, MAX_INT32, oneOf, show } from '../definition/complete.js'
import { checkJob } from '../definition/options.js'
import { placeOptions } from '../definition/places.js'

/** The options of a worker: complete and frozen. */
export type ResolvedWorkerOptions = Readonly<Required<WorkerOptions>>

/** The option `schema`: an unquoted name of PostgreSQL, in upper or lower case. */
export const schema = Type.Optional(Type.String({
  pattern: '^(?!pg_)[A-Za-z_][A-Za-z0-9_]{0,62}$',
  description: 'must begin with a letter or underscore, but not with pg_, and have at most 63 letters, digits and underscores'
}))

export const workerFields = {
  concurrency: Type.Integer({ minimum: 1, maximum: 10_000, default: 1 }),
  sandbox: oneOf(['thread', 'process'], { default: 'thread' }),
  lockDuration: Type.Integer({ minimum: 100, maximum: MAX_INT32, default: 30_000 }),
  maxStalledCount: Type.Integer({ minimum: 0, maximum: MAX_INT32, default: 1 }),
  closeTimeout: Type.Integer({ minimum: 0, maximum: MAX_INT32, default: 10_000 })
}

placeOptions(Object.keys(workerFields), 'options.worker.* of the plugin, or options.* of createWorker')

const StandaloneWorkerOptions = Type.Object({ ...workerFields, schema }, { additionalProperties: false })

/**
 * Checks the arguments of `createWorker`, and adds the defaults.
 * @throws `OPTION_INVALID`
 */
export function resolveWorkerOptions (job: JobDefinition, processor: unknown, given: CreateWorkerOptions): ResolvedWorkerOptions & { readonly schema?: string } {
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

/** @throws `OPTION_INVALID` if the processor is neither a function nor names a module */
export function checkProcessor (processor: unknown, where: string): void {
  const known = processor === undefined || typeof processor === 'function' || typeof processor === 'string' || processor instanceof URL
  if (!known) throw new OptionInvalidError(where, 'must be a function, or the URL or absolute path of a module', show(processor))
}

function isLogger (log: unknown): boolean {
  return isObject(log) && ['debug', 'info', 'warn', 'error'].every(method => typeof Reflect.get(log, method) === 'function')
}

/**
 * Refuses `sandbox` for a processor that is a function. Only a module can be loaded in a sandbox: a function would
 * silently run in this process.
 * @throws `OPTION_INVALID`
 */
export function checkSandbox (processor: unknown, worker: WorkerOptions | undefined, name: string): void {
  if (typeof processor === 'function' && worker?.sandbox !== undefined) {
    throw new OptionInvalidError(name, 'goes with a processor that is a module: give its URL or absolute path', show(worker.sandbox))
  }
}
