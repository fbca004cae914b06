import type { FastifyInstance } from 'fastify'
import type { JobDefinition } from '../../types/definition.js'
import { toJsonSchema } from '../definition/json-schema.js'
import { paramsOf } from '../job/links.js'
import { EXAMPLE_FAILURE, EXAMPLE_ID, pathParams, waitQuery } from './schemas.js'
import { expired, faultOrOutputInvalid, header, invalidQuery, jsonAnswer, notFound, problemAnswer, storeUnavailable, tooManyConnections, type Answer } from './answers.js'
import { onClosed } from './closed.js'
import { type JobIdRequest, type RouteContext } from './context.js'
import { requestedWait, type WaitRequest } from './wait.js'

const failed = { code: 'JOB_FAILED', meaning: 'The job failed; `error` tells why. It will have no output.', detail: EXAMPLE_FAILURE.message, jobId: EXAMPLE_ID, error: EXAMPLE_FAILURE }

/** The answers for a job without output, on all routes that may answer with the output. */
export const jobFailed = failed
export const jobCanceled = { code: 'JOB_CANCELED', detail: 'The job was canceled.', jobId: EXAMPLE_ID }

/** The answer for a failure whose status the job chose, which the documentation lists as `4xx`. 422 is an example. */
export const failedOtherwise = problemAnswer(422, [{ ...failed, meaning: 'The job failed, and chose this status for it.' }])

/** Registers `GET /result/:jobId`: the output of a completed job. */
export function resultRoute (app: FastifyInstance, { definition, operations, callerOf, connections, operationId, documented, closing, options }: RouteContext): void {
  app.get<JobIdRequest & WaitRequest>('/result/:jobId', documented({
    operationId: operationId('result'),
    tags: [definition.name],
    summary: '3. Get its output',
    description: 'The output, once the job is completed. Before that, the answer is **409** `JOB_NOT_FINISHED`. With `?wait=N`, the 409 comes only after N seconds. A job that ended otherwise has no output: the answer is **409** `JOB_FAILED` (or the status that the job chose for its failure) or `JOB_CANCELED`.',
    params: pathParams(paramsOf(app.prefix), true),
    querystring: waitQuery(options.maxWait),
    response: {
      200: outputAnswer(definition, 'The output.', { 'Preference-Applied': header.preferenceApplied }),
      400: invalidQuery,
      404: notFound,
      409: problemAnswer(409, [
        { code: 'JOB_NOT_FINISHED', meaning: 'It is too early. Ask again after the time that `Retry-After` tells.', detail: 'The job is not finished, its status is in_progress. Ask again after the time that Retry-After tells.', jobId: EXAMPLE_ID },
        jobFailed,
        jobCanceled
      ], { 'Retry-After': header.retryAfterUntilFinal }),
      410: expired,
      ...tooManyConnections(options),
      '4xx': failedOtherwise,
      500: faultOrOutputInvalid,
      503: storeUnavailable
    }
  }), async (request, reply) => {
    const caller = await callerOf(request)
    const wait = requestedWait(request, reply, options.maxWait, closing)
    if (wait !== undefined) {
      onClosed(reply, connections.take(caller))
      reply.headers(wait.headers)
    }
    return reply.type('application/json').send(await operations.result(request.params.jobId, caller, wait))
  })
}

/**
 * Describes the answer with the output. The examples of the schema become those of the answer, because a schema of
 * OpenAPI 3.0 has none.
 */
export function outputAnswer ({ output }: JobDefinition, description: string, headers: Record<string, object>): Answer {
  const { examples, ...schema } = toJsonSchema(output, 'output')
  const named = Array.isArray(examples) ? Object.fromEntries(examples.map((example: unknown, index) => [`example ${index + 1}`, example])) : {}
  return jsonAnswer(description, schema, named, headers)
}
