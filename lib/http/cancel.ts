import type { FastifyInstance } from 'fastify'
import { paramsOf } from '../job/links.js'
import { EXAMPLE_ID, exampleJobs, JobSchema, pathParams } from './schemas.js'
import { expired, fault, jsonAnswer, notFound, problemAnswer, storeUnavailable, tooLarge } from './answers.js'
import { type JobIdRequest, type RouteContext } from './context.js'

/**
 * Makes an instance ignore all bodies. Many clients send a media type with each POST, and Fastify refuses an empty body
 * with the media type of JSON. Call it on an instance that has only this route: the route of submissions parses bodies.
 */
function takeAnyBody (app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, _body, done) => { done(null) })
}

/** Registers `POST /cancel/:jobId`: cancels the job, whether it runs or not. */
export function cancelRoute (app: FastifyInstance, { definition, operations, callerOf, prefix, operationId, documented }: RouteContext): void {
  const { canceled } = exampleJobs(prefix, definition.attempts)
  const { startedAt, ...neverStarted } = canceled
  takeAnyBody(app)
  app.post<JobIdRequest>('/cancel/:jobId', documented({
    operationId: operationId('cancel'),
    tags: [definition.name],
    summary: 'Cancel a job',
    description: 'The job is `canceled` at once, and stays so: it is neither started nor repeated any more, and has no output, whatever its code still does. A second cancel gets the same answer.',
    params: pathParams(paramsOf(app.prefix), true),
    response: {
      200: jsonAnswer('It was not running, and will not run again.', JobSchema, { canceled: { ...neverStarted, progress: 0, attempt: 0, cancelRequested: false } }),
      202: jsonAnswer('It was running: its code is told to stop, and may still be cleaning up.', JobSchema, { canceled }),
      404: notFound,
      409: problemAnswer(409, [{ code: 'JOB_ALREADY_FINISHED', meaning: 'It ended before: it completed, or failed.', detail: 'The job cannot be canceled, it is completed.', jobId: EXAMPLE_ID }]),
      410: expired,
      413: tooLarge,
      500: fault,
      503: storeUnavailable
    }
  }), async (request, reply) => {
    const job = await operations.cancel(request.params.jobId, await callerOf(request))
    return reply.code(job.cancelRequested ? 202 : 200).type('application/json').send(JSON.stringify(job))
  })
}
