import { Type } from '@sinclair/typebox'
import { STATUS_CODES } from 'node:http'
import type { Problem } from '../../types/job.js'
import { InternalError, JobUnreadableError, OutputInvalidError, QueueFullError, TooManyConnectionsError } from '../base/errors.js'
import type { ResolvedOptions } from './options.js'
import { PROBLEM_TYPE } from './problem.js'
import { EXAMPLE_ID, ProblemSchema } from './schemas.js'

/* The documentation of answers, which is the same on all routes. */

/**
 * An answer as Fastify and @fastify/swagger take it. The examples stand beside the schema, because every version of
 * OpenAPI allows them there.
 */
export interface Answer {
  description: string
  headers?: Record<string, object>
  /** For an answer without a body. Without `type`, @fastify/swagger would describe a body. */
  type?: 'null'
  content?: Record<string, { schema: Record<string, unknown>, examples?: Examples }>
}

type Examples = Record<string, { value: unknown }>

/** The documentation of the headers of answers. */
export const header = {
  location: { type: 'string', description: 'Path of the job\'s status: ask there.' },
  retryAfter: { type: 'integer', description: 'Seconds to wait before you ask again (RFC 9110, section 10.2.3).' },
  retryAfterUntilFinal: { type: 'integer', description: 'Seconds to wait before you ask again (RFC 9110, section 10.2.3). Absent once the job is final.' },
  contentLocation: { type: 'string', description: 'Path of the result, if the request waited and this answer is the result (RFC 9110, section 8.7).' },
  preferenceApplied: { type: 'string', description: '`wait=N`, if `Prefer` asked to wait: the number of seconds that was granted (RFC 7240, section 3).' },
  idempotentReplayed: { type: 'string', enum: ['true'], description: 'This job was there already: the `Idempotency-Key` was sent before.' },
  etag: { type: 'string', description: 'Differs where the job has changed. For `If-None-Match` (RFC 9110, section 8.8.3).' },
  cacheControl: { type: 'string', description: '`no-store`, as in all answers here: an answer is only for the client that asked, and soon out of date.' }
}

export function jsonAnswer (description: string, schema: Record<string, unknown>, examples: Record<string, unknown>, headers?: Record<string, object>): Answer {
  return { description, ...(headers && { headers }), content: { 'application/json': { schema, ...named(examples) } } }
}

/** Describes an answer without a body. */
export function emptyAnswer (description: string): Answer {
  return { description, type: 'null' }
}

/** An example of the problem with one code. `meaning` describes the code. Default: `detail`. */
type ExampleProblem = Pick<Problem, 'code' | 'detail'> & Partial<Problem> & { meaning?: string }

/** Describes the error answer of a status, with one example for each code that it can have. */
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
 * Changes the error answers for an app that uses its own error handler (`errors: 'host'`). The form of its errors is
 * not known here, so the schema allows anything. The schema stands under a range of media types (OpenAPI 3, Response
 * Object), which Fastify does not look at. Under the exact media type, Fastify would serialize an error that the
 * handler sends by our schema, and nothing of the error would be left.
 */
export function asHostErrors (answers: Record<string, Answer>): Record<string, Answer> {
  return Object.fromEntries(Object.entries(answers).map(([status, answer]) =>
    [status, answer.content !== undefined && PROBLEM_TYPE in answer.content ? { ...answer, content: { 'application/*': { schema: {} } } } : answer]))
}

/**
 * Describes a stream as a text and as a sequence of events. OpenAPI before 3.2 does not say which of the two the schema
 * of a stream describes.
 */
const EventStreamSchema = Type.Union([
  Type.String({ description: 'The whole stream, as text.' }),
  Type.Object({
    id: Type.String({ description: 'For `Last-Event-ID`.' }),
    event: Type.Unsafe<string>({ type: 'string', enum: ['job', 'output'] }),
    data: Type.String({ description: 'JSON: the Job, or the chunk of its output.' })
  }, { description: 'Each event in it.' })
])

/** Describes a stream of events. The examples are its text. */
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

/** The answer 429 of routes that count connections. There is none without `owner`, because nothing is counted then. */
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

/** The answer for a fault of the service. */
export const fault = problemAnswer(500, faults)

/** The same for routes that answer with the output. A worker of somebody else may have stored an invalid one. */
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
