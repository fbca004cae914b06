import { Type, type TSchema } from '@sinclair/typebox'
import type { JobStatus } from '../types/job.js'

/* What the API's documentation says of every body that goes in or out, and how answers are serialized. */

const time = (description: string): TSchema => Type.String({ format: 'date-time', description })

const JOB_ID = '6f1c2b1e-8f0a-4b57-9d3e-2a7c5d4e9f10'

export const JobFailureSchema = Type.Object({
  code: Type.String({ description: 'Stable, for programs: `TIMEOUT` (an attempt ran too long), `OUTPUT_INVALID` (the output does not match its schema), `STALLED` (its worker died too often), `PROCESSOR_ERROR` (anything internal), or a code of the job itself.' }),
  message: Type.String({ description: 'For people.' }),
  data: Type.Optional(Type.Unknown({ description: 'Details that the job itself adds.' }))
}, { description: 'Why the job failed.' })

/** A Job; the examples carry the links under which this API is reached. */
export function jobSchema (prefix: string, example: 'pending' | 'in_progress'): TSchema {
  const links = { status: `${prefix}/status/${JOB_ID}`, result: `${prefix}/result/${JOB_ID}` }
  const pending = { jobId: JOB_ID, status: 'pending', progress: 0, attempt: 0, maxAttempts: 3, createdAt: '2026-01-01T00:00:00.000Z', pollAfterMs: 1000, links }
  const running = { ...pending, status: 'in_progress', progress: 40, message: 'paragraph 40 of 100', attempt: 1, startedAt: '2026-01-01T00:00:00.250Z' }
  return Type.Object({
    jobId: Type.String({ description: 'Random and opaque: whoever has it can ask for the job.' }),
    // An enum, not a union of literals: that is serialized without trying each branch.
    status: Type.Unsafe<JobStatus>({
      type: 'string',
      enum: ['pending', 'in_progress', 'completed', 'failed', 'canceled'] satisfies JobStatus[],
      description: '`pending`: waits for its first or next attempt. `in_progress`: is being worked on. `completed`, `failed` and `canceled` are final: the job never changes again.'
    }),
    progress: Type.Number({ minimum: 0, maximum: 100, description: 'Percent, as reported by the job.' }),
    message: Type.Optional(Type.String({ description: 'What the job is doing.' })),
    attempt: Type.Integer({ description: 'The attempt that runs now or, while none runs, how many were made.' }),
    maxAttempts: Type.Integer({ description: 'How many attempts the job has in all.' }),
    createdAt: time('When the job was accepted.'),
    startedAt: Type.Optional(time('When its latest attempt began.')),
    nextAttemptAt: Type.Optional(time('When its next attempt begins at the earliest.')),
    finishedAt: Type.Optional(time('When it became final.')),
    expiresAt: Type.Optional(time('When the job and its result are deleted.')),
    error: Type.Optional(JobFailureSchema),
    pollAfterMs: Type.Optional(Type.Integer({ description: 'Wait this long before you ask again, in ms. Absent once final.' })),
    links: Type.Object({
      status: Type.String({ description: 'GET: the job as it is now.' }),
      result: Type.String({ description: 'GET: the output, once the job is completed.' })
    })
  }, { title: 'Job', examples: [example === 'pending' ? pending : running] })
}

/** A problem (RFC 9457) with the codes that an answer can have. */
export function problemSchema (title: string, status: number, code: string, detail: string, extra: Record<string, unknown> = {}): TSchema {
  return Type.Object({
    type: Type.String({ description: 'Always `about:blank`; `code` tells what happened.' }),
    title: Type.String({ description: 'The HTTP status in words.' }),
    status: Type.Integer({ description: 'The HTTP status.' }),
    detail: Type.String({ description: 'What happened, for people.' }),
    code: Type.String({ description: 'What happened, for programs.' }),
    jobId: Type.Optional(Type.String()),
    error: Type.Optional(JobFailureSchema),
    issues: Type.Optional(Type.Array(Type.Object({
      pointer: Type.String({ description: 'JSON Pointer (RFC 6901) into the input.' }),
      detail: Type.String()
    }), { description: 'Everything that is wrong with the input.' }))
  }, { title: 'Problem', examples: [{ type: 'about:blank', title, status, detail, code, ...extra }] })
}

export const JobIdParams = Type.Object({
  jobId: Type.String({ description: 'The `jobId` that the submission was answered with.', examples: [JOB_ID] })
})
