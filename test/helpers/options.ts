import type { Test } from 'tap'
import type { JobDefinition } from '../../types/definition.js'
import type { CreateWorkerOptions } from '../../types/options.js'
import type { AsyncJobsOptions } from '../../types/plugin-options.js'
import { defineJob, Type } from '../../lib/index.js'
import { resolveDefinition } from '../../lib/definition/options.js'
import { resolveOptions } from '../../lib/http/options.js'
import { resolveWorkerOptions } from '../../lib/worker/options.js'

export const schemas = { input: Type.Object({ text: Type.String() }), output: Type.Object({ length: Type.Number() }) }
export const job: JobDefinition = defineJob({ name: 'analysis', ...schemas })
export const connection = 'redis://:hunter2@redis.example.com:6379/1'
export const processor = (): { length: number } => ({ length: 1 })
export const log = { debug () {}, info () {}, warn () {}, error () {} }

export const workerDefaults = { concurrency: 1, sandbox: 'thread', lockDuration: 30_000, maxStalledCount: 1, closeTimeout: 10_000 }
export const pluginDefaults = {
  job,
  connection: 'memory:',
  connectionDefaulted: true,
  processor: undefined,
  routes: true,
  errors: 'problem',
  websocket: true,
  publicUrl: '',
  pollAfter: { min: 1_000, max: 10_000 },
  worker: workerDefaults,
  jobOptions: undefined,
  maxWait: 50,
  maxSubscriptions: 1_000,
  owner: undefined,
  maxConnections: 1_000
}
export const definitionDefaults = {
  name: 'analysis',
  attempts: 3,
  backoff: { type: 'exponential', delay: 1_000, jitter: 0.5 },
  timeout: 600_000,
  retention: { completed: 86_400, failed: 604_800 },
  maxOutputChunks: 10_000,
  maxOutputBytes: 1_048_576
}

/* What callers without a type checker pass. */
export const plugin = (given: unknown, env: NodeJS.ProcessEnv = {}): unknown => resolveOptions(given as AsyncJobsOptions, env)
export const worker = (given: unknown, itsJob: unknown = job, itsProcessor: unknown = processor): unknown =>
  resolveWorkerOptions(itsJob as JobDefinition, itsProcessor, given as CreateWorkerOptions)
export const definition = (given: unknown): unknown => resolveDefinition(given as object)
export const define = (given: object): unknown => definition({ name: 'analysis', ...schemas, ...given })

/** What is passed, and the message that refuses it. */
export type Refusal = [given: unknown, message: string]

export function refuses (t: Test, resolve: (given: unknown) => unknown, refusals: Refusal[]): void {
  for (const [given, message] of refusals) t.strictSame(refusalOf(() => resolve(given)), { code: 'OPTION_INVALID', message: `fastify-async-jobs: ${message}` })
}

export function refusalOf (call: () => unknown): unknown {
  try {
    return { accepted: call() }
  } catch (error) {
    const { code, message } = error as Error & { code: string }
    return { code, message }
  }
}

export function deepFreeze<Value extends object> (value: Value): Value {
  for (const field of Object.values(value)) if (typeof field === 'object' && field !== null) deepFreeze(field as object)
  return Object.freeze(value)
}

/** The same fields in an object that has no prototype. */
export function bare (fields: object): object {
  return Object.assign(Object.create(null) as object, fields)
}

/** The same fields in an object of a class, as configuration libraries make them. */
export class Configuration {
  constructor (fields: object) { Object.assign(this, fields) }
}
