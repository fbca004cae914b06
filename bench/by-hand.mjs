import { randomUUID } from 'node:crypto'
import { Type } from '@sinclair/typebox'
import { Queue } from 'bullmq'

/*
 * The baseline: submit and status, with the same contract, as a team writes them with Fastify and BullMQ, without the
 * plugin.
 */

const NAME = 'analysis'
const ATTEMPTS = 3
const KEEP_COMPLETED = 86_400
const KEEP_FAILED = 604_800

/** @type {import('bullmq').DefaultJobOptions} */
const defaultJobOptions = {
  attempts: ATTEMPTS,
  backoff: { type: 'exponential', delay: 1_000, jitter: 0.5 },
  removeOnComplete: { age: KEEP_COMPLETED },
  removeOnFail: { age: KEEP_FAILED }
}

/** @typedef {import('@sinclair/typebox').Static<typeof Input>} Input */
const Input = Type.Object({ text: Type.String({ minLength: 1 }) })

const JobId = Type.Object({ jobId: Type.String() })

/** @typedef {import('@sinclair/typebox').Static<typeof JobView>} JobView */
const JobView = Type.Object({
  jobId: Type.String(),
  status: Type.String(),
  progress: Type.Number(),
  attempt: Type.Integer(),
  maxAttempts: Type.Integer(),
  cancelRequested: Type.Boolean(),
  createdAt: Type.String(),
  startedAt: Type.Optional(Type.String()),
  finishedAt: Type.Optional(Type.String()),
  expiresAt: Type.Optional(Type.String()),
  error: Type.Optional(Type.Object({ code: Type.String(), message: Type.String() })),
  pollAfterMs: Type.Optional(Type.Integer()),
  links: Type.Object({ status: Type.String(), result: Type.String(), cancel: Type.String(), events: Type.String() })
})

const NotFound = Type.Object({ code: Type.String(), message: Type.String() })

/** @param {string} connection a Redis URL */
export function openQueue (connection) {
  return /** @type {Queue<Input>} */ (new Queue(NAME, { connection: { url: connection }, defaultJobOptions }))
}

/** @type {import('@fastify/type-provider-typebox').FastifyPluginAsyncTypebox<{ connection: string }>} */
export const byHand = async (app, { connection }) => {
  const queue = openQueue(connection)
  app.addHook('onClose', async () => { await queue.close() })

  app.post('/', { schema: { body: Input, response: { 202: JobView } } }, async (request, reply) => {
    // BullMQ's own ids can be guessed.
    const job = await queue.add(NAME, request.body, { jobId: randomUUID() })
    const view = toView(job, 'waiting', app.prefix)
    return reply.code(202).header('location', view.links.status).send(view)
  })

  app.get('/status/:jobId', { schema: { params: JobId, response: { 200: JobView, 404: NotFound } } }, async (request, reply) => {
    const job = await queue.getJob(request.params.jobId)
    if (job === undefined) return reply.code(404).send({ code: 'JOB_NOT_FOUND', message: 'There is no such job.' })
    return reply.send(toView(job, await job.getState(), app.prefix))
  })
}

/** @type {Record<string, string>} */
const STATUS = { active: 'in_progress', completed: 'completed', failed: 'failed' }

/**
 * @param {import('bullmq').Job<Input>} job
 * @param {string} state
 * @param {string} prefix
 * @returns {JobView}
 */
function toView (job, state, prefix) {
  const status = STATUS[state] ?? 'pending'
  const final = status === 'completed' || status === 'failed'
  const { finishedOn } = job
  const keep = status === 'completed' ? KEEP_COMPLETED : KEEP_FAILED
  return {
    jobId: String(job.id),
    status,
    progress: status === 'completed' ? 100 : Number(job.progress),
    attempt: status === 'in_progress' ? job.attemptsMade + 1 : job.attemptsMade,
    maxAttempts: ATTEMPTS,
    cancelRequested: false,
    createdAt: isoTime(job.timestamp),
    ...(job.processedOn && { startedAt: isoTime(job.processedOn) }),
    ...(finishedOn && { finishedAt: isoTime(finishedOn), expiresAt: isoTime(finishedOn + keep * 1000) }),
    ...(status === 'failed' && { error: { code: 'PROCESSOR_ERROR', message: 'The job failed for an internal reason.' } }),
    ...(!final && { pollAfterMs: Math.round(Math.min(Math.max((Date.now() - job.timestamp) / 10, 1_000), 10_000)) }),
    links: { status: `${prefix}/status/${job.id}`, result: `${prefix}/result/${job.id}`, cancel: `${prefix}/cancel/${job.id}`, events: `${prefix}/events/${job.id}` }
  }
}

/** @param {number} ms */
function isoTime (ms) {
  return new Date(ms).toISOString()
}
