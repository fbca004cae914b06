import type { TSchema } from '@sinclair/typebox'
import { STATUS_CODES } from 'node:http'
import { PROBLEM_TYPE } from '../problem.js'
import { problemSchema } from '../schemas.js'

/* How answers are described, alike on all routes. */

interface Answer {
  description: string
  headers?: Record<string, object>
  content: Record<string, { schema: TSchema }>
}

export const header = {
  location: { type: 'string', description: 'Path of the job\'s status.' },
  retryAfter: { type: 'integer', description: 'Seconds to wait before you ask again (RFC 9110, section 10.2.3).' },
  cacheControl: { type: 'string', description: '`no-store`: the answer is out of date at once.' }
}

export function jsonAnswer (description: string, schema: TSchema, headers?: Record<string, object>): Answer {
  return { description, ...(headers && { headers }), content: { 'application/json': { schema } } }
}

/** A problem with one code. */
export function problemAnswer (status: number, code: string, detail: string, extra?: Record<string, unknown>, headers?: Record<string, object>): Answer {
  const title = STATUS_CODES[status] as string
  return {
    description: `\`${code}\`: ${detail}`,
    ...(headers && { headers }),
    content: { [PROBLEM_TYPE]: { schema: problemSchema(title, status, code, detail, extra) } }
  }
}

export const storeUnavailable = problemAnswer(503, 'STORE_UNAVAILABLE', 'The job store cannot be reached. Try again shortly.', undefined, { 'Retry-After': header.retryAfter })
export const notFound = problemAnswer(404, 'JOB_NOT_FOUND', 'There is no such job, or it is not yours.')
export const expired = problemAnswer(410, 'JOB_EXPIRED', 'The job and its result were kept until 2026-01-02T00:00:00.000Z. Submit it again.')
