import type { FastifyInstance } from 'fastify'
import { retryAfter } from '../job-handle.js'
import { paramsOf } from '../job-links.js'
import { exampleJobs, JobSchema, pathParams } from '../schemas.js'
import { expired, header, jsonAnswer, notFound, storeUnavailable } from './answers.js'
import { linkParameters, type JobIdRequest, type RouteContext } from './context.js'

/** `GET /status/:jobId`: the job as it is now. */
export function statusRoute (app: FastifyInstance, { definition, operations, baseOf, prefix, operationId, documented }: RouteContext): void {
  app.get<JobIdRequest>('/status/:jobId', documented({
    operationId: operationId('status'),
    tags: [definition.name],
    summary: '2. Follow its status',
    description: 'Ask until `status` is final: `completed`, `failed` or `canceled`. Until then `pollAfterMs` (and the header `Retry-After`, in seconds) says when to ask again. Cheap: it reads neither the input nor the output.',
    params: pathParams(paramsOf(app.prefix), true),
    response: {
      200: jsonAnswer('The job as it is now.', JobSchema, exampleJobs(prefix, definition.attempts), { 'Cache-Control': header.cacheControl, 'Retry-After': header.retryAfterUntilFinal }),
      404: notFound,
      410: expired,
      503: storeUnavailable
    }
  }, {
    200: {
      result: { operationId: operationId('result'), parameters: linkParameters(app.prefix, '$request.path.jobId'), description: 'Get the output once the status is `completed`.' }
    }
  }), async (request, reply) => {
    const job = await operations.status(request.params.jobId, baseOf(request))
    return reply.headers({ 'cache-control': 'no-store', ...retryAfter(job) }).type('application/json').send(job)
  })
}
