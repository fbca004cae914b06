import type { TSchema } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import { paramsOf } from '../job-links.js'
import { EXAMPLE_FAILURE, EXAMPLE_ID, pathParams } from '../schemas.js'
import { expired, header, jsonAnswer, notFound, problemAnswer, storeUnavailable } from './answers.js'
import { type JobIdRequest, type RouteContext } from './context.js'

const failed = { code: 'JOB_FAILED', meaning: 'The job failed; `error` tells why. It will have no output.', detail: EXAMPLE_FAILURE.message, jobId: EXAMPLE_ID, error: EXAMPLE_FAILURE }

/** `GET /result/:jobId`: the output of a completed job. */
export function resultRoute (app: FastifyInstance, { definition, operations, baseOf, operationId, documented }: RouteContext): void {
  const { schema, examples } = withoutExamples(definition.output)
  app.get<JobIdRequest>('/result/:jobId', documented({
    operationId: operationId('result'),
    tags: [definition.name],
    summary: '3. Get its output',
    description: 'The output, once the job is completed. Asked earlier, it answers **409** `JOB_NOT_FINISHED`. A job that ended otherwise has none: **409** `JOB_FAILED` (or the status that the job chose for its failure) or `JOB_CANCELED`.',
    params: pathParams(paramsOf(app.prefix), true),
    response: {
      200: jsonAnswer('The output.', schema, examples),
      404: notFound,
      409: problemAnswer(409, [
        { code: 'JOB_NOT_FINISHED', meaning: 'It is too early. Ask again after the time that `Retry-After` tells.', detail: 'The job is not finished, its status is in_progress. Ask again after the time that Retry-After tells.', jobId: EXAMPLE_ID },
        failed,
        { code: 'JOB_CANCELED', detail: 'The job was canceled.', jobId: EXAMPLE_ID }
      ], { 'Retry-After': header.retryAfterUntilFinal }),
      410: expired,
      '4xx': problemAnswer(422, [{ ...failed, meaning: 'The job failed, and chose this status for it.' }]),
      503: storeUnavailable
    }
  }), async (request, reply) => {
    const output = await operations.result(request.params.jobId, baseOf(request))
    // Fastify sends a string as it is and null as nothing: these have to become JSON first.
    const bare = output === null || typeof output === 'string'
    return reply.type('application/json').send(bare ? JSON.stringify(output) : output)
  })
}

/** The examples of a schema as those of the answer: OpenAPI 3.0 knows none in a schema. */
function withoutExamples ({ examples, ...schema }: TSchema): { schema: TSchema, examples: Record<string, unknown> } {
  return {
    schema: schema as TSchema,
    examples: Array.isArray(examples) ? Object.fromEntries(examples.map((example: unknown, index) => [`example ${index + 1}`, example])) : {}
  }
}
