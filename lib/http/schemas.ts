import { Type, type TObject, type TSchema } from '@sinclair/typebox'
import type { Job, JobStatus } from '../../types/job.js'
import { jobLinks } from '../job/links.js'

/* The schemas of all bodies, parameters and headers, for the documentation. */

const time = (description: string): TSchema => Type.String({ format: 'date-time', description })

export const JobFailureSchema = Type.Object({
  code: Type.String({ description: 'Stable, for programs: `TIMEOUT` (an attempt ran too long), `EXPIRED` (it was not started in time), `INPUT_INVALID` (somebody queued it with an input that does not match its schema), `OUTPUT_INVALID` (the output does not match its schema), `OUTPUT_TOO_LARGE` (it wrote more partial output than it may), `STALLED` (its worker died too often), `PROCESSOR_ERROR` (anything internal), or a code of the job itself.' }),
  message: Type.String({ description: 'For people.' }),
  data: Type.Optional(Type.Unknown({ description: 'Details that the job itself adds.' }))
}, { description: 'Why the job failed.' })

export const JobSchema = Type.Object({
  jobId: Type.String({ description: 'Random and opaque: whoever has it can ask for the job.' }),
  // An enum, because TypeBox writes a union of literals as a branch for each status.
  status: Type.Unsafe<JobStatus>({
    type: 'string',
    enum: ['pending', 'in_progress', 'completed', 'failed', 'canceled'] satisfies JobStatus[],
    description: '`pending`: waits for its first or next attempt. `in_progress`: is being worked on. `completed`, `failed` and `canceled` are final: the job never changes again.'
  }),
  progress: Type.Number({ minimum: 0, maximum: 100, description: 'Percent, as reported by the job.' }),
  message: Type.Optional(Type.String({ description: 'What the job is doing.' })),
  attempt: Type.Integer({ description: 'The attempt that runs now or, while none runs, how many were made.' }),
  maxAttempts: Type.Integer({ description: 'How many attempts the job has in all.' }),
  cancelRequested: Type.Boolean({ description: 'Whether the job was running when it was canceled: its code was told to stop, and may still be cleaning up.' }),
  createdAt: time('When the job was accepted.'),
  startedAt: Type.Optional(time('When its latest attempt began.')),
  nextAttemptAt: Type.Optional(time('When its next attempt begins at the earliest.')),
  finishedAt: Type.Optional(time('When it became final.')),
  expiresAt: Type.Optional(time('When the job and its result are deleted.')),
  error: Type.Optional(JobFailureSchema),
  pollAfterMs: Type.Optional(Type.Integer({ description: 'Wait this long before you ask again, in ms. Absent once final.' })),
  links: Type.Object({
    status: Type.String({ description: 'GET: the job as it is now.' }),
    result: Type.String({ description: 'GET: the output, once the job is completed.' }),
    cancel: Type.String({ description: 'POST: cancels the job.' }),
    events: Type.String({ description: 'GET: the job and its partial output as they change (`text/event-stream`).' })
  })
}, { title: 'Job' })

/**
 * Requires nothing and forbids nothing, as RFC 9457 does. The app's hooks may answer on our routes with this media type
 * too, and with members of their own.
 */
export const ProblemSchema = Type.Partial(Type.Object({
  type: Type.String({ description: '`about:blank`; `code` tells what happened.' }),
  title: Type.String({ description: 'The HTTP status in words.' }),
  status: Type.Integer({ description: 'The HTTP status.' }),
  detail: Type.String({ description: 'What happened, for people.' }),
  code: Type.String({ description: 'What happened, for programs.' }),
  jobId: Type.String({ description: 'The job it is about.' }),
  error: JobFailureSchema,
  issues: Type.Array(Type.Object({
    pointer: Type.String({ description: 'JSON Pointer (RFC 6901) into the input; empty for the input as a whole.' }),
    detail: Type.String({ description: 'What is wrong there.' })
  }), { description: 'Everything that is wrong with the input.' })
}), { title: 'Problem', description: 'RFC 9457.', additionalProperties: true })

export const EXAMPLE_ID = '6f1c2b1e-8f0a-4b57-9d3e-2a7c5d4e9f10'

/**
 * The schema of headers that a request may have. It allows all others explicitly, because an app's validator may remove
 * headers that no schema names.
 */
export function optionalHeaders (headers: Record<string, { description: string, example: string, pattern?: string }>): TObject {
  const properties = Object.fromEntries(Object.entries(headers).map(([name, { example, ...options }]) =>
    [name, Type.Optional(Type.String({ ...options, examples: [example] }))]))
  return Type.Object(properties, { patternProperties: { [`^(?!(?:${Object.keys(headers).join('|')})$)`]: {} } })
}

/** The schema of the query `wait`. */
export const waitQuery = (maxWait: number): TObject => Type.Object({
  wait: Type.Optional(Type.Integer({ minimum: 0, description: `Answer as soon as the job is final, or after so many seconds with what there is then; at most ${maxWait} s. The header \`Prefer: wait=N\` (RFC 7240) asks for the same.`, examples: [20] }))
})

/** The schema of the parameters of a path: those of the prefix and, if `withJobId`, the job's id. */
export function pathParams (prefixParams: readonly string[], withJobId: boolean): TObject {
  return Type.Object({
    ...Object.fromEntries(prefixParams.map(name => [name, Type.String()])),
    ...(withJobId && { jobId: Type.String({ description: 'The `jobId` that the submission was answered with.', examples: [EXAMPLE_ID] }) })
  })
}

/** An example of a failure that the job itself defines. All other codes are in the documentation of this package. */
export const EXAMPLE_FAILURE = { code: 'LANGUAGE_UNKNOWN', message: 'The text is not in a known language.', data: { found: 'tlh' } }

/**
 * Examples of one job, from its submission to each of its ends.
 * @param base the path or URL under which clients reach the routes
 */
export function exampleJobs (base: string, maxAttempts: number) {
  const submitted = { maxAttempts, cancelRequested: false, createdAt: '2026-01-01T00:00:00.000Z', links: jobLinks(base, EXAMPLE_ID) }
  const started = { attempt: 1, ...submitted, startedAt: '2026-01-01T00:00:00.250Z' }
  return {
    pending: { jobId: EXAMPLE_ID, status: 'pending', progress: 0, attempt: 0, ...submitted, pollAfterMs: 1_000 },
    in_progress: { jobId: EXAMPLE_ID, status: 'in_progress', progress: 40, ...started, message: 'page 4 of 10', pollAfterMs: 1_000 },
    completed: { jobId: EXAMPLE_ID, status: 'completed', progress: 100, ...started, finishedAt: '2026-01-01T00:01:00.000Z', expiresAt: '2026-01-02T00:01:00.000Z' },
    failed: { jobId: EXAMPLE_ID, status: 'failed', progress: 40, ...started, finishedAt: '2026-01-01T00:01:00.000Z', expiresAt: '2026-01-08T00:01:00.000Z', error: EXAMPLE_FAILURE },
    canceled: { jobId: EXAMPLE_ID, status: 'canceled', progress: 40, ...started, cancelRequested: true, finishedAt: '2026-01-01T00:00:30.000Z', expiresAt: '2026-01-08T00:00:30.000Z' }
  } as const satisfies Record<string, Job>
}
