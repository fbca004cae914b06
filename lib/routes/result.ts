import type { FastifyInstance } from 'fastify'
import { JobIdParams } from '../schemas.js'
import { expired, header, jsonAnswer, notFound, problemAnswer, storeUnavailable } from './answers.js'
import { documented, type JobIdRequest, type RouteContext } from './context.js'

/** `GET /result/:jobId`: the output of a completed job. */
export function resultRoute (app: FastifyInstance, { definition, operations, baseOf, operationId }: RouteContext): void {
  app.get<JobIdRequest>('/result/:jobId', documented({
    operationId: operationId('result'),
    tags: [definition.name],
    summary: 'Get the output of a job',
    description: 'The output, once the job is completed. Asked earlier, it answers **409** `JOB_NOT_FINISHED`; of a job that ended otherwise **409** `JOB_FAILED` or `JOB_CANCELED`, or the status that the job chose for its failure.',
    params: JobIdParams,
    response: {
      200: jsonAnswer('The output.', definition.output),
      404: notFound,
      409: problemAnswer(409, 'JOB_NOT_FINISHED', 'The job is in_progress. Ask again after the time that Retry-After tells.', undefined, { 'Retry-After': header.retryAfter }),
      410: expired,
      503: storeUnavailable
    }
  }), async (request, reply) => {
    const output = await operations.result(request.params.jobId, baseOf(request))
    // Fastify sends a string as it is and null as nothing: these have to become JSON first.
    const bare = output === null || typeof output === 'string'
    return reply.type('application/json').send(bare ? JSON.stringify(output) : output)
  })
}
