import { Type } from '@sinclair/typebox'
import { STATUS_CODES } from 'node:http'
import type { Problem } from '../../types/job.js'
import { InternalError, JobUnreadableError, OutputInvalidError, QueueFullError, TooManyConnectionsError } from '../base/errors.js'
import type { ResolvedOptions } from './options.js'
import { PROBLEM_TYPE } from './problem.js'
import { EXAMPLE_ID, ProblemSchema } from './schemas.js'

/* How answers are described, alike on all routes. */

/** An answer as Fastify and @fastify/swagger take it. Examples stand beside the schema, where every version of OpenAPI has them. */
export interface Answer {
  description: string
  headers?: Record<string, object>
  /** Where there is no body: without it, @fastify/swagger describes one. */
  type?: 'null'
  content?: Record<string, { schema: Record<string, unknown>, examples?: Examples }>
}

type Examples = Record<string, { value: unknown }>

export const header = {
  location: { type: 'string', description: 'Path of the job\'s status: ask there.' },
  retryAfter: { type: 'integer', description: 'Seconds to wait before you ask again (RFC 9110, section 10.2.3).' },
  retryAfterUntilFinal: { type: 'integer', description: 'Seconds to wait before you ask again (RFC 9110, section 10.2.3). Absent once the job is final.' },
  contentLocation: { type: 'string', description: 'Path of the output, where this is what the wait was answered with (RFC 9110, section 8.7).' },
  preferenceApplied: { type: 'string', description: '`wait=N`, where `Prefer` asked to wait: for how long that was granted (RFC 7240, section 3).' },
  idempotentReplayed: { type: 'string', enum: ['true'], description: 'This job was there already: the `Idempotency-Key` was sent before.' },
  etag: { type: 'string', description: 'Differs where the job has changed. For `If-None-Match` (RFC 9110, section 8.8.3).' },
  cacheControl: { type: 'string', description: '`no-store`, as in all answers here: this one is out of date at once, and only for who asked.' }
}

export function jsonAnswer (description: string, schema: Record<string, unknown>, examples: Record<string, unknown>, headers?: Record<string, object>): Answer {
  return { description, ...(headers && { headers }), content: { 'application/json': { schema, ...named(examples) } } }
}

/** An answer without a body. */
export function emptyAnswer (description: string): Answer {
  return { description, type: 'null' }
}

/** A problem of one code as an example, and what the code means where that is not what the example says. */
type ExampleProblem = Pick<Problem, 'code' | 'detail'> & Partial<Problem> & { meaning?: string }

/** The error answer of a status: one example for each code that it can have. */
export function problemAnswer (status: number, problems: ExampleProblem[], headers?: Record<string, object>): Answer {
  const examples = problems.map(({ code, detail, meaning, ...rest }) =>
    [code, { type: 'about:blank', title: STATUS_CODES[status], status, detail, code, ...rest }] as const)
  return {
    description: problems.map(({ code, detail, meaning = detail }) => `\`${code}\`: ${meaning}`).join('\n\n'),
    ...(headers && { headers }),
    content: { [PROBLEM_TYPE]: { schema: ProblemSchema, ...named(Object.fromEntries(examples)) } }
  }
}

/**
 * Where the host's own error handler answers, the form of errors is the host's. Under its very media type
 * even a schema that allows anything would make Fastify serialize by it what that sends: an error, to nothing.
 * A range of media types (OpenAPI 3, Response Object) Fastify does not look at.
 */
export function asHostErrors (answers: Record<string, Answer>): Record<string, Answer> {
  return Object.fromEntries(Object.entries(answers).map(([status, answer]) =>
    [status, answer.content !== undefined && PROBLEM_TYPE in answer.content ? { ...answer, content: { 'application/*': { schema: {} } } } : answer]))
}

/** One schema for both: before OpenAPI 3.2 it is open whether that of a stream is of its text or of each event. */
const EventStreamSchema = Type.Union([
  Type.String({ description: 'The whole stream, as text.' }),
  Type.Object({
    id: Type.String({ description: 'For `Last-Event-ID`.' }),
    event: Type.Unsafe<string>({ type: 'string', enum: ['job', 'output'] }),
    data: Type.String({ description: 'JSON: the Job, or the chunk of its output.' })
  }, { description: 'Each event in it.' })
])

/** A stream of events, whose examples are its text. */
export function streamAnswer (description: string, examples: Record<string, string>): Answer {
  return { description, content: { 'text/event-stream': { schema: EventStreamSchema, ...named(examples) } } }
}

function named (examples: Record<string, unknown>): { examples?: Examples } {
  const entries = Object.entries(examples)
  return entries.length === 0 ? {} : { examples: Object.fromEntries(entries.map(([name, value]) => [name, { value }])) }
}

export const storeUnavailable = problemAnswer(503, [
  { code: 'STORE_UNAVAILABLE', detail: 'The job store cannot be reached. Try again shortly.' }
], { 'Retry-After': header.retryAfter })

export const storeUnavailableOrFull = problemAnswer(503, [
  { code: 'STORE_UNAVAILABLE', detail: 'The job store cannot be reached. Try again shortly.' },
  { code: 'QUEUE_FULL', meaning: 'Too many jobs are waiting.', detail: new QueueFullError().message }
], { 'Retry-After': header.retryAfter })

/** Where connections are counted: only those of owners are. */
export function tooManyConnections ({ owner, maxConnections }: Pick<ResolvedOptions, 'owner' | 'maxConnections'>): Record<string, Answer> {
  return owner === undefined
    ? {}
    : {
        429: problemAnswer(429, [
          { code: 'TOO_MANY_CONNECTIONS', meaning: 'You have too many event streams, WebSockets and waiting requests open.', detail: new TooManyConnectionsError(String(maxConnections)).message }
        ], { 'Retry-After': header.retryAfter })
      }
}

export const invalidQuery = problemAnswer(400, [
  { code: 'QUERY_INVALID', meaning: 'A parameter of the query does not match its schema; `issues` tells which.', detail: 'querystring/wait must be integer', issues: [{ pointer: '/wait', detail: 'must be integer' }] }
])

export const tooLarge = problemAnswer(413, [
  { code: 'INPUT_TOO_LARGE', meaning: 'The body is larger than this service takes.', detail: 'Request body is too large' }
])

const faults = [
  { code: 'JOB_UNREADABLE', meaning: 'Somebody else has damaged what is stored of the job. The log of the service tells more.', detail: new JobUnreadableError().message, jobId: EXAMPLE_ID },
  { code: 'INTERNAL_ERROR', meaning: 'A fault of the service. Its log tells more.', detail: new InternalError().message }
]

/** What went wrong in the service. */
export const fault = problemAnswer(500, faults)

/** The same on the routes that answer with the output: somebody else's worker may have stored another one. */
export const faultOrOutputInvalid = problemAnswer(500, [{ code: 'OUTPUT_INVALID', detail: new OutputInvalidError().message, jobId: EXAMPLE_ID }, ...faults])

export const notFound = problemAnswer(404, [
  { code: 'JOB_NOT_FOUND', detail: 'There is no such job, or it is not yours.' }
])

export const expired = problemAnswer(410, [
  {
    code: 'JOB_EXPIRED',
    meaning: 'The job and its result are kept no longer. Submit it again.',
    detail: 'The job and its result were kept until 2026-01-02T00:01:00.000Z. Submit it again.',
    jobId: EXAMPLE_ID
  }
])
