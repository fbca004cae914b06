// What a process needs that only works on jobs. Loads no Fastify.
export { defineJob } from '../define-job.js'
export { Type } from '../type.js'
export { createWorker } from './worker.js'
export { JobError } from '../errors.js'

export type { JobErrorOptions } from '../errors.js'
export type { Backoff, InputOf, JobDefinition, JobDefinitionOptions, OutputOf, ParsedInputOf, Retention, ReturnedOf } from '../../types/definition.js'
export type { Connection, CreateWorkerOptions, JobWorker, PostgresPool, RedisClient, RedisConnectionOptions, WorkerOptions } from '../../types/options.js'
export type { JobContext, JobLogger, Processor } from '../../types/processor.js'
