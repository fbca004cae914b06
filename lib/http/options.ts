import { Type } from '@sinclair/typebox'
import type { JobDefinition } from '../../types/definition.js'
import type { Connection } from '../../types/options.js'
import type { AsyncJobsOptions } from '../../types/plugin-options.js'
import type { Processor } from '../../types/processor.js'
import { EmbeddedInProductionError, OptionInvalidError } from '../base/errors.js'
import { complete, MAX_INT32, MAX_SECONDS, oneOf, show } from '../definition/complete.js'
import { checkJob } from '../definition/options.js'
import { placeOptions } from '../definition/places.js'
import { checkProcessor, checkSandbox, schema, workerFields, type ResolvedWorkerOptions } from '../worker/options.js'

/** The options of the plugin, complete and frozen. */
export interface ResolvedOptions<Definition extends JobDefinition = JobDefinition> {
  readonly job: Definition
  readonly connection: Connection
  /** Whether `connection` was left out. */
  readonly connectionDefaulted: boolean
  readonly schema?: string
  readonly processor: Processor<Definition> | URL | string | undefined
  readonly worker: ResolvedWorkerOptions
  readonly routes: boolean
  readonly errors: 'problem' | 'host'
  readonly websocket: boolean
  readonly publicUrl: string
  readonly pollAfter: Readonly<{ min: number, max: number }>
  readonly jobOptions: AsyncJobsOptions<Definition>['jobOptions']
  /** In seconds. */
  readonly maxWait: number
  readonly maxSubscriptions: number
  readonly owner: AsyncJobsOptions['owner']
  readonly maxConnections: number
  readonly allowedOrigins?: readonly string[]
  readonly maxPending?: number
}

const PluginOptions = Type.Object({
  schema,
  routes: Type.Boolean({ default: true }),
  errors: oneOf(['problem', 'host'], { default: 'problem' }),
  websocket: Type.Boolean({ default: true }),
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
  maxWait: Type.Integer({ minimum: 0, maximum: MAX_SECONDS, default: 50 }),
  maxSubscriptions: Type.Integer({ minimum: 1, maximum: 1_000_000, default: 1_000 }),
  maxConnections: Type.Integer({ minimum: 1, maximum: MAX_INT32, default: 1_000 }),
  allowedOrigins: Type.Optional(Type.Array(Type.String({
    // The form in which browsers send an origin (RFC 6454, section 6.2), so that the two texts can be compared.
    pattern: '^(?!https:.*:443$|http:.*:80$)[a-z][a-z0-9+.-]*://[^/?#@*A-Z]+$',
    description: 'must be an origin as browsers send it: https://app.example.com, in lower case, without a path, a wildcard and the port that goes without saying'
  }))),
  maxPending: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }))
}, { additionalProperties: false })

placeOptions([...Object.keys(PluginOptions.properties), 'job', 'connection', 'processor', 'jobOptions', 'owner', 'prefix'], 'options.* of the plugin')

/**
 * Checks and completes the options of the plugin. Leaves out Fastify's own: `prefix`, `logLevel` and `logSerializers`.
 * @throws `OPTION_INVALID`, `EMBEDDED_IN_PRODUCTION`
 */
export function resolveOptions<Definition extends JobDefinition> (
  given: AsyncJobsOptions<Definition> & { prefix?: string, logLevel?: unknown, logSerializers?: unknown },
  env: NodeJS.ProcessEnv
): ResolvedOptions<Definition> {
  const { prefix: _prefix, logLevel: _level, logSerializers: _serializers, job, connection, processor, jobOptions, owner, ...rest } = given
  checkJob(job, 'options.job')
  checkProcessor(processor, 'options.processor')
  if (rest.worker !== undefined && processor === undefined) {
    throw new OptionInvalidError('options.worker', 'goes with processor: without one nothing runs here', show(rest.worker))
  }
  for (const [name, given] of Object.entries({ jobOptions, owner })) {
    if (given !== undefined && typeof given !== 'function') throw new OptionInvalidError(`options.${name}`, 'must be a function', show(given))
  }
  const options = complete(PluginOptions, rest, 'options')
  checkSandbox(processor, rest.worker, 'options.worker.sandbox')
  const { min, max } = options.pollAfter
  if (min > max) throw new OptionInvalidError('options.pollAfter', 'must have min <= max', `min ${min}, max ${max}`)
  if (connection === undefined && env['NODE_ENV'] === 'production') throw new EmbeddedInProductionError()
  return Object.freeze({
    ...options,
    publicUrl: toUri(options.publicUrl),
    ...(options.allowedOrigins && { allowedOrigins: Object.freeze([...options.allowedOrigins]) }),
    job,
    // `null` does not get the default. It is probably a setting that could not be read, and no wish for a store in
    // memory.
    connection: connection === undefined ? 'memory:' : connection,
    connectionDefaulted: connection === undefined,
    processor,
    jobOptions,
    owner,
    worker: Object.freeze(options.worker),
    pollAfter: Object.freeze(options.pollAfter)
  })
}

/** Encodes `publicUrl` for links and headers, which are ASCII. Does not encode twice what is encoded already. */
function toUri (publicUrl: string): string {
  try {
    const isPath = /^(?:\/|$)/.test(publicUrl)
    const { pathname, href } = new URL(isPath ? `http://host${publicUrl}` : publicUrl)
    return (isPath ? pathname : href).replace(/\/$/, '')
  } catch {
    throw new OptionInvalidError('options.publicUrl', 'must be an http(s) URL or a path that begins with /', show(publicUrl))
  }
}
