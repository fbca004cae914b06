import type { FastifyInstance } from 'fastify'
import { retryAfter } from '../job-handle.js'
import { JobIdParams, jobSchema } from '../schemas.js'
import { expired, header, jsonAnswer, notFound, storeUnavailable } from './answers.js'
import { documented, type JobIdRequest, type RouteContext } from './context.js'

/** `GET /status/:jobId`: the job as it is now. */
export function statusRoute (app: FastifyInstance, { definition, operations, baseOf, prefix, operationId }: RouteContext): void {
  app.get<JobIdRequest>('/status/:jobId', documented({
    operationId: operationId('status'),
    tags: [definition.name],
    summary: 'Get the status of a job',
    description: 'Cheap: it neither reads the input nor the output. While the job is not final, `Retry-After` and `pollAfterMs` say when to ask again.',
    params: JobIdParams,
    response: {
      200: jsonAnswer('The job as it is now.', jobSchema(prefix, 'in_progress'), { 'Cache-Control': header.cacheControl, 'Retry-After': header.retryAfter }),
      404: notFound,
      410: expired,
      503: storeUnavailable
    }
  }), async (request, reply) => {
    const job = await operations.status(request.params.jobId, baseOf(request))
    return reply.headers({ 'cache-control': 'no-store', ...retryAfter(job) }).type('application/json').send(job)
  })
}
