import t from 'tap'
import Fastify, { type FastifyInstance } from 'fastify'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { Queue } from 'bullmq'
import { fileURLToPath } from 'node:url'
import type { Pool } from 'pg'
import type { Cluster, Redis } from 'ioredis'
import { toStandardJsonSchema } from '@valibot/to-json-schema'
import { type } from 'arktype'
import { Type as Type1 } from 'typebox'
import ts from 'typescript'
import * as v from 'valibot'
import { z } from 'zod'
import { createJobsClient } from '../lib/client/index.js'
import {
  asyncJobs, createWorker, defineJob, JobError, Type,
  type AsyncJobsOptions, type Connection, type InputOf, type Job, type JobContext, type JobDefinition, type JobEvent, type JobHandle, type JobLogger, type HandleSubmitOptions, type JobStatus,
  type JobWorker, type OutputOf, type ParsedInputOf, type Processor, type ReturnedOf
} from '../lib/index.js'

/* What compiles, and what must not: the functions are only for the compiler, the test at the end is run. */

/** Whether two types are the same, not only assignable to each other; `any` is the same as nothing else. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false
function same<A, B> (..._proof: Same<A, B> extends true ? [] : [never]): void {}

interface Input { text: string, title?: string }
interface Output { sentiment: number, words: string[] }

const schemas = {
  input: Type.Object({ text: Type.String(), title: Type.Optional(Type.String()) }),
  output: Type.Object({ sentiment: Type.Number(), words: Type.Array(Type.String()) })
}
const analysis = defineJob({ name: 'analysis', ...schemas })
const cleanup = defineJob({ name: 'cleanup', input: Type.Null(), output: Type.Null() })
const output: Output = { sentiment: 0.7, words: ['good'] }

export function definitions (): void {
  same<typeof analysis.name, 'analysis'>()
  same<InputOf<typeof analysis>, { text: string, title?: string }>()
  same<OutputOf<typeof analysis>, { sentiment: number, words: string[] }>()
  same<typeof analysis.backoff, Readonly<{ type: 'fixed' | 'exponential', delay: number, jitter: number }>>()
  same<InputOf<JobDefinition>, unknown>()

  defineJob({ name: 'all', description: 'All', ...schemas, attempts: 1, backoff: { type: 'fixed', delay: 1, jitter: 0.5 }, timeout: 1, retention: { failed: 1 } })

  // @ts-expect-error what `same` is good for
  same<unknown, string>()
  // @ts-expect-error and for any
  same<JSON, string>()
  // @ts-expect-error no name
  defineJob({ ...schemas })
  // @ts-expect-error no output
  defineJob({ name: 'a', input: schemas.input })
  // @ts-expect-error an input that is no schema
  defineJob({ ...schemas, name: 'a', input: 'object' })
  // @ts-expect-error an unknown option
  defineJob({ ...schemas, name: 'a', retries: 3 })
  // @ts-expect-error an option of a wrong type
  defineJob({ ...schemas, name: 'a', attempts: '3' })
  // @ts-expect-error an unknown kind of backoff
  defineJob({ ...schemas, name: 'a', backoff: { type: 'linear', delay: 1 } })
  // @ts-expect-error a backoff without a delay
  defineJob({ ...schemas, name: 'a', backoff: { type: 'fixed' } })
  // @ts-expect-error an unknown outcome
  defineJob({ ...schemas, name: 'a', retention: { canceled: 1 } })
  // @ts-expect-error a definition is fixed
  analysis.attempts = 5
  // @ts-expect-error and so are its parts
  analysis.retention.completed = 5
}

/** The same job in each language. */
export function languages (): void {
  interface Sent { text: string, size?: number, tags?: string[] }
  interface Received { text: string, size: number, tags?: string[] }
  interface Made { made: string | null, pair: [number, boolean] }
  const name = 'job'
  const json = {
    input: { type: 'object', properties: { text: { type: 'string' }, size: { type: 'integer', default: 3 }, tags: { type: 'array', items: { type: 'string' } } }, required: ['text'] },
    output: { type: 'object', properties: { made: { type: ['string', 'null'] }, pair: { type: 'array', prefixItems: [{ type: 'number' }, { type: 'boolean' }] } }, required: ['made', 'pair'] }
  } as const
  const jobs = {
    typebox: defineJob({
      name,
      input: Type.Object({ text: Type.String(), size: Type.Integer({ default: 3 }), tags: Type.Optional(Type.Array(Type.String())) }),
      output: Type.Object({ made: Type.Union([Type.String(), Type.Null()]), pair: Type.Tuple([Type.Number(), Type.Boolean()]) })
    }),
    typebox1: defineJob({
      name,
      input: Type1.Object({ text: Type1.String(), size: Type1.Unsafe<number>({ type: 'integer' }), tags: Type1.Optional(Type1.Array(Type1.String())) }),
      output: Type1.Object({ made: Type1.Union([Type1.String(), Type1.Null()]), pair: Type1.Tuple([Type1.Number(), Type1.Boolean()]) })
    }),
    json: defineJob({ name, ...json }),
    inline: defineJob({ name, input: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] }, output: { enum: ['a', 'b'] } }),
    zod: defineJob({ name, input: z.object({ text: z.string(), size: z.int().default(3), tags: z.array(z.string()).optional() }), output: z.object({ made: z.string().nullable(), pair: z.tuple([z.number(), z.boolean()]) }) }),
    valibot: defineJob({
      name,
      input: toStandardJsonSchema(v.object({ text: v.string(), size: v.optional(v.number(), 3), tags: v.optional(v.array(v.string())) })),
      output: toStandardJsonSchema(v.object({ made: v.nullable(v.string()), pair: v.tuple([v.number(), v.boolean()]) }))
    }),
    arktype: defineJob({ name, input: type({ text: 'string', size: 'number = 3', 'tags?': 'string[]' }), output: type({ made: 'string | null', pair: ['number', 'boolean'] }) }),
    transformed: defineJob({ name, input: z.object({ at: z.string().transform(text => new Date(text)) }), output: z.number().transform(String).pipe(z.string()) })
  }
  same<InputOf<typeof jobs.typebox>, Flat<Sent>>()
  same<ParsedInputOf<typeof jobs.typebox>, Flat<Received>>()
  same<OutputOf<typeof jobs.typebox>, Flat<Made>>()
  same<InputOf<typeof jobs.typebox1>, Flat<Received>>()
  same<OutputOf<typeof jobs.typebox1>, Flat<Made>>()
  same<InputOf<typeof jobs.json>, Flat<Sent>>()
  same<ParsedInputOf<typeof jobs.json>, Flat<Received>>()
  same<OutputOf<typeof jobs.json>, Flat<Made>>()
  same<InputOf<typeof jobs.inline>, { text: string }>()
  same<OutputOf<typeof jobs.inline>, 'a' | 'b'>()
  same<ParsedInputOf<typeof jobs.transformed>, { at: Date }>()
  same<InputOf<typeof jobs.transformed>, { at: string }>()
  same<ReturnedOf<typeof jobs.transformed>, number>()
  same<OutputOf<typeof jobs.transformed>, string>()

  const sent: Sent = { text: 'a' }
  const app = {} as FastifyInstance
  for (const job of [jobs.typebox, jobs.json] as const) void app.jobs(job)
  void app.jobs(jobs.typebox).submit(sent)
  void app.jobs(jobs.zod).submit({ text: 'a' })
  void app.jobs(jobs.valibot).submit({ text: 'a' })
  void app.jobs(jobs.arktype).submit({ text: 'a' })
  void createJobsClient<typeof jobs.typebox>('').submit({ text: 'a' })
  void createJobsClient<typeof jobs.zod>('').run({ text: 'a' })
  // @ts-expect-error what has no default must be there
  void app.jobs(jobs.typebox).submit({ size: 1 })
  // @ts-expect-error in any language
  void app.jobs(jobs.zod).submit({ size: 1 })
  // @ts-expect-error in any language
  void app.jobs(jobs.json).submit({ size: 1 })
  // @ts-expect-error in any language
  void app.jobs(jobs.arktype).submit({ size: 1 })

  const made: Made = { made: null, pair: [1, true] }
  const processors: [Processor<typeof jobs.typebox>, Processor<typeof jobs.json>, Processor<typeof jobs.zod>, Processor<typeof jobs.valibot>, Processor<typeof jobs.arktype>] = [
    ({ size }) => { same<typeof size, number>(); return made },
    ({ size }) => { same<typeof size, number>(); return made },
    ({ size }) => { same<typeof size, number>(); return made },
    ({ size }) => { same<typeof size, number>(); return made },
    ({ size }) => { same<typeof size, number>(); return made }
  ]
  void processors
  const dated: Processor<typeof jobs.transformed> = ({ at }) => at.getTime()
  void dated
}

type Flat<T> = { [K in keyof T]: T[K] }

export function processors (): void {
  const analyse: Processor<typeof analysis> = async (input, context) => {
    same<typeof input, Input>()
    same<typeof context, JobContext>()
    const { progress, signal, log } = context
    same<typeof signal, AbortSignal>()
    same<typeof log, JobLogger>()
    same<[typeof context.jobId, typeof context.attempt, typeof context.maxAttempts], [string, number, number]>()
    same<Parameters<typeof progress>, [percent: number, message?: string]>()
    await progress(40, 'tokenising')
    log.info('a message')
    log.warn({ n: 1 }, 'fields and a message')
    if (signal.aborted) throw new JobError('GONE', 'Gone', { data: { any: ['JSON'] }, status: 410, retryable: true, cause: signal.reason })
    return output
  }
  const atOnce: Processor<typeof analysis> = () => output
  const clean: Processor<typeof cleanup> = async () => {}
  const cleanAtOnce: Processor<typeof cleanup> = () => null
  const ofAny: Processor<JobDefinition> = input => { same<typeof input, unknown>() }
  t.ok([analyse, atOnce, clean, cleanAtOnce, ofAny])

  const wrong: Array<Processor<typeof analysis>> = [
    // @ts-expect-error returns nothing
    () => {},
    // @ts-expect-error returns something else
    () => ({ sentiment: 'good', words: [] }),
    // @ts-expect-error returns too little
    async () => ({ sentiment: 1 }),
    // @ts-expect-error takes something else
    (_input: { texts: string[] }) => output,
    // @ts-expect-error asks for more than there is
    (_input, { app }) => app,
    // @ts-expect-error reads a field that is not there
    ({ body }) => body,
    // @ts-expect-error progress takes a number
    (_input, { progress }) => progress('40'),
    // @ts-expect-error a write takes a chunk
    (_input, { write }) => write(),
    // @ts-expect-error the context is not the processor's to change
    (_input, context) => { context.attempt = 1 }
  ]
  // @ts-expect-error an output where none is promised
  const cleaned: Processor<typeof cleanup> = () => 5
  // @ts-expect-error an error without a message
  const error = new JobError('CODE')
  // @ts-expect-error an unknown option of an error
  const other = new JobError('CODE', 'message', { retry: true })
  t.ok([wrong, cleaned, error, other])
}

export async function handles (app: FastifyInstance): Promise<void> {
  const jobs = app.jobs(analysis)
  same<typeof jobs, JobHandle<typeof analysis>>()
  same<Parameters<typeof jobs.submit>, [input: Input, options?: HandleSubmitOptions]>()
  same<typeof jobs.queue, Queue<Input, Output, 'analysis'>>()

  const job = await jobs.submit({ text: 'a' })
  same<typeof job, Job>()
  same<typeof job.status, 'pending' | 'in_progress' | 'completed' | 'failed' | 'canceled'>()
  same<typeof job.status, JobStatus>()
  same<Awaited<ReturnType<typeof jobs.status>>, Job>()
  const result = await jobs.result(job.jobId)
  same<typeof result, Output>()
  same<Awaited<ReturnType<JobHandle<typeof cleanup>['result']>>, null>()
  await jobs.wait(job.jobId, { timeout: 1_000, signal: new AbortController().signal })
  same<Awaited<ReturnType<typeof jobs.wait>>, Output>()
  same<Awaited<ReturnType<typeof jobs.cancel>>, Job>()
  for await (const event of jobs.events(job.jobId, { after: '0.' })) {
    same<typeof event, JobEvent>()
    if (event.type === 'job') same<typeof event.job, Job>()
    else same<typeof event.run, number>()
  }
  await app.jobs(cleanup).submit(null)

  // @ts-expect-error a field is missing
  await jobs.submit({})
  // @ts-expect-error a field is of another type
  await jobs.submit({ text: 1 })
  // @ts-expect-error a field is unknown
  await jobs.submit({ text: 'a', txet: 'a' })
  // @ts-expect-error an unknown option of a job
  await jobs.submit({ text: 'a' }, { attempts: 5 })
  // @ts-expect-error no input
  await jobs.submit()
  // @ts-expect-error the output has no such field
  t.ok(result.mood)
  // @ts-expect-error nor is it what it is not
  t.ok(result.sentiment.length)
  // @ts-expect-error an id is a string
  await jobs.status(1)
  // @ts-expect-error a name is no definition
  app.jobs('analysis')
  // @ts-expect-error the queue is not the caller's to replace
  jobs.queue = app.jobs(analysis).queue
  // @ts-expect-error the queue takes only this input
  await jobs.queue.add('analysis', { text: 1 })
  // @ts-expect-error and only this name
  await jobs.queue.add('analyses', { text: 'a' })
}

export async function registrations (app: FastifyInstance): Promise<void> {
  // A processor in place has the types of the job.
  await app.register(asyncJobs, {
    job: analysis,
    prefix: '/api/v1/analysis',
    logLevel: 'warn',
    connection: process.env['REDIS_URL'],
    processor: async (input, context) => {
      same<typeof input, Input>()
      same<typeof context, JobContext>()
      return output
    },
    worker: { concurrency: 5, sandbox: 'process', lockDuration: 1, maxStalledCount: 1, closeTimeout: 1 },
    routes: true,
    errors: 'host',
    publicUrl: process.env['PUBLIC_URL'],
    pollAfter: { max: 5 }
  })
  await app.register(asyncJobs, { job: cleanup, processor: () => {} })
  await app.register(asyncJobs, { job: analysis, processor: undefined, connection: undefined })
  await app.register(asyncJobs, { job: analysis, processor: new URL('./processor.js', import.meta.url) })
  await app.register(asyncJobs, { job: analysis, processor: '/processor.js' })

  // Wherever Fastify registers plugins.
  const registered: FastifyInstance = app.register(asyncJobs, { job: analysis, processor: ({ text }) => ({ sentiment: text.length, words: [] }) })
  await registered
  await app.register(import('../lib/index.js'), { job: analysis, processor: ({ text }) => ({ sentiment: text.length, words: [] }) })
  await app.register(asyncJobs, () => ({ job: analysis, processor: ({ text }) => ({ sentiment: text.length, words: [] }) }))
  await app.withTypeProvider<TypeBoxTypeProvider>().register(asyncJobs, { job: analysis, processor: ({ text }) => ({ sentiment: text.length, words: [] }) })
  await Fastify({ http2: true }).register(asyncJobs, { job: analysis, processor: ({ text }) => ({ sentiment: text.length, words: [] }) })
  const inAFunction = async <Definition extends JobDefinition>(options: AsyncJobsOptions<Definition>): Promise<void> => { await app.register(asyncJobs, options) }
  await inAFunction({ job: analysis, processor: ({ text }) => ({ sentiment: text.length, words: [] }) })

  // @ts-expect-error no options
  await app.register(asyncJobs)
  // @ts-expect-error no job
  await app.register(asyncJobs, {})
  // @ts-expect-error a job that defineJob did not make
  await app.register(asyncJobs, { job: { name: 'a', ...schemas } })
  // @ts-expect-error an unknown option
  await app.register(asyncJobs, { job: analysis, conection: 'redis://localhost' })
  // @ts-expect-error an option of a wrong type
  await app.register(asyncJobs, { job: analysis, routes: 'no' })
  // @ts-expect-error a connection that is none
  await app.register(asyncJobs, { job: analysis, connection: 6379 })
  // @ts-expect-error an unknown choice
  await app.register(asyncJobs, { job: analysis, errors: 'none' })
  // @ts-expect-error an unknown option of the worker
  await app.register(asyncJobs, { job: analysis, processor: () => output, worker: { threads: 5 } })
  // @ts-expect-error a processor that returns something else
  await app.register(asyncJobs, { job: analysis, processor: () => ({ sentiment: 'good', words: [] }) })
  // @ts-expect-error or nothing
  await app.register(asyncJobs, { job: analysis, processor: async () => {} })
  // @ts-expect-error a processor that reads what is not there
  await app.register(asyncJobs, { job: analysis, processor: ({ body }) => body })
  // @ts-expect-error the processor of another job
  await app.register(asyncJobs, { job: analysis, processor: cleanUp })
  // @ts-expect-error the same in options that are made by a function
  await app.register(asyncJobs, () => ({ job: analysis, processor: () => 5 }))
}

const cleanUp: Processor<typeof cleanup> = () => {}

export async function otherRegistrations (app: FastifyInstance): Promise<void> {
  // Fastify's own ways to register are what they were.
  await app.register(async inner => { inner.get('/', async () => 'a') })
  await app.register(async (inner, { prefix }) => {
    same<typeof prefix, string>()
    inner.get('/', async () => prefix)
  }, { prefix: '/a' })
  await app.register((_inner, _options, done) => { done() }, { prefix: '/a' })
  await app.register(import('@fastify/swagger'), { openapi: { info: { title: 'a', version: '1' } } })
  // @ts-expect-error an unknown option of another plugin
  await app.register(import('@fastify/swagger'), { openapy: {} })
}

export async function workers (): Promise<void> {
  const worker = createWorker(analysis, (input, context) => {
    same<typeof input, Input>()
    same<typeof context, JobContext>()
    return output
  }, { connection: 'redis://localhost', concurrency: 10, log: console })
  same<typeof worker, JobWorker>()
  await worker.ready()
  await worker.close()
  createWorker(analysis, '/processor.js', { connection: { host: 'localhost' }, log: Fastify().log })

  // @ts-expect-error no options
  createWorker(analysis, () => output)
  // @ts-expect-error no connection
  createWorker(analysis, () => output, {})
  // @ts-expect-error a connection that may be missing
  createWorker(analysis, () => output, { connection: process.env['REDIS_URL'] })
  // @ts-expect-error an unknown option
  createWorker(analysis, () => output, { connection: 'redis://localhost', routes: false })
  // @ts-expect-error a processor that returns something else
  createWorker(analysis, () => 5, { connection: 'redis://localhost' })
  // @ts-expect-error the processor of another job
  createWorker(analysis, cleanUp, { connection: 'redis://localhost' })
  // @ts-expect-error a logger that lacks a method
  createWorker(analysis, () => output, { connection: 'redis://localhost', log: { info () {} } })
}

export function connections (redis: Redis, cluster: Cluster, pool: Pool): Connection[] {
  return [
    'redis://localhost', { host: 'localhost', port: 6379, tls: {} }, redis, cluster, pool,
    // @ts-expect-error no port alone
    6379,
    // @ts-expect-error nothing
    null,
    // @ts-expect-error an unknown option of ioredis
    { hostname: 'localhost' }
  ]
}

t.test('all of this holds under exactOptionalPropertyTypes, too', async t => {
  const root = fileURLToPath(new URL('.', import.meta.resolve('fastify-async-jobs/package.json')))
  const { config } = ts.readConfigFile(`${root}tsconfig.base.json`, ts.sys.readFile) as { config: object }
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root, { noEmit: true, exactOptionalPropertyTypes: true })
  const program = ts.createProgram([`${root}test/types.test.ts`], options)
  const problems = ts.getPreEmitDiagnostics(program, program.getSourceFile(`${root}test/types.test.ts`))
  t.equal(ts.formatDiagnostics(problems, { getCanonicalFileName: name => name, getCurrentDirectory: () => root, getNewLine: () => '\n' }), '')
})
