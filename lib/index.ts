/**
 * For a Fastify service: {@link asyncJobs} registers a job that {@link defineJob} defines.
 * @module fastify-async-jobs
 */

// The plugin
export { asyncJobs, asyncJobs as default } from './plugin.js'
export type { AsyncJobsPlugin } from '../types/fastify.js'
export type { AsyncJobsOptions } from '../types/plugin-options.js'
export type { Connection, CreateWorkerOptions, JobOptions, JobWorker, PostgresPool, RedisClient, RedisConnectionOptions, WorkerOptions } from '../types/options.js'

// The definition of a job, and schemas for it
export { defineJob } from './definition/define-job.js'
export { Type } from './definition/type.js'
export type { Backoff, InputOf, JobDefinition, JobDefinitionOptions, OutputOf, ParsedInputOf, Retention, ReturnedOf } from '../types/definition.js'
export type { Schema } from '../types/schema.js'

// Running jobs
export { createWorker } from './worker/worker.js'
export { JobError } from './base/errors.js'
export type { JobErrorOptions } from './base/errors.js'
export type { JobContext, JobLogger, LogMethod, Processor } from '../types/processor.js'

// What clients see, and what app.jobs(…) returns
export type { InputIssue, Job, JobChange, JobEvent, JobFailure, JobLinks, JobOutput, JobStatus, Problem } from '../types/job.js'
export type { HandleEventsOptions, HandleSubmitOptions, HandleWaitOptions, JobHandle, JobQueue, JobsLookup } from '../types/handle.js'

// TypeBox's schemas. A package that exports a definition names them in its declarations, even if it does not depend on
// TypeBox itself
export type {
  TAny, TArray, TBigInt, TBoolean, TComposite, TConst, TDate, TEnum, TExclude, TExtract, TIndex, TInteger, TIntersect, TKeyOf, TLiteral, TMapped,
  TNever, TNot, TNull, TNumber, TObject, TOmit, TOptional, TPartial, TPick, TProperties, TReadonly, TReadonlyOptional, TRecord, TRecursive, TRef,
  TRegExp, TRequired, TSchema, TString, TTemplateLiteral, TTemplateLiteralKind, TTemplateLiteralSyntax, TThis, TTransform, TTuple, TUint8Array, TUndefined, TUnion, TUnknown,
  TUnsafe, TVoid
} from '@sinclair/typebox'
