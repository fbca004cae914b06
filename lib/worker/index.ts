/**
 * The exports for a process that only runs jobs: {@link createWorker} runs a processor. They load no Fastify.
 * @module fastify-async-jobs/worker
 */

export { defineJob } from '../definition/define-job.js'
export { Type } from '../definition/type.js'
export { createWorker } from './worker.js'
export { JobError } from '../base/errors.js'

export type { JobErrorOptions } from '../base/errors.js'
export type { Backoff, InputOf, JobDefinition, JobDefinitionOptions, OutputOf, ParsedInputOf, Retention, ReturnedOf } from '../../types/definition.js'
export type { Schema } from '../../types/schema.js'
export type { Connection, CreateWorkerOptions, JobWorker, PostgresPool, RedisClient, RedisConnectionOptions, WorkerOptions } from '../../types/options.js'
export type { JobContext, JobLogger, LogMethod, Processor } from '../../types/processor.js'

// TypeBox's schemas: if a user exports a definition, its declaration file names them, even if the user's package does
// not depend on TypeBox.
export type {
  TAny, TArray, TBigInt, TBoolean, TComposite, TConst, TDate, TEnum, TExclude, TExtract, TIndex, TInteger, TIntersect, TKeyOf, TLiteral, TMapped,
  TNever, TNot, TNull, TNumber, TObject, TOmit, TOptional, TPartial, TPick, TProperties, TReadonly, TReadonlyOptional, TRecord, TRecursive, TRef,
  TRegExp, TRequired, TSchema, TString, TTemplateLiteral, TTemplateLiteralKind, TTemplateLiteralSyntax, TThis, TTransform, TTuple, TUint8Array, TUndefined, TUnion, TUnknown,
  TUnsafe, TVoid
} from '@sinclair/typebox'
