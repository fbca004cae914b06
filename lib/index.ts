// The plugin
export { asyncJobs, asyncJobs as default } from './plugin.js'
export type { AsyncJobsPlugin } from '../types/fastify.js'
export type { AsyncJobsOptions } from '../types/plugin-options.js'
export type { Connection, CreateWorkerOptions, JobOptions, JobWorker, PostgresPool, RedisClient, RedisConnectionOptions, WorkerOptions } from '../types/options.js'

// The definition of a job, and schemas for it
export { defineJob } from './define-job.js'
export { Type } from './type.js'
export type { Backoff, InputOf, JobDefinition, JobDefinitionOptions, OutputOf, ParsedInputOf, Retention, ReturnedOf } from '../types/definition.js'

// Running jobs
export { createWorker } from './worker/worker.js'
export { JobError } from './errors.js'
export type { JobErrorOptions } from './errors.js'
export type { JobContext, JobLogger, Processor } from '../types/processor.js'

// What clients see, and the host's own code
export type { InputIssue, Job, JobChange, JobEvent, JobFailure, JobLinks, JobOutput, JobStatus, Problem } from '../types/job.js'
export type { HandleEventsOptions, HandleSubmitOptions, HandleWaitOptions, JobHandle, JobsLookup } from '../types/handle.js'
