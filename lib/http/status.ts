import type { FastifyInstance } from 'fastify'
import { retryAfter } from '../api/operations.js'
import { paramsOf } from '../job/links.js'
import { exampleJobs, JobSchema, optionalHeaders, pathParams, waitQuery } from './schemas.js'
import { emptyAnswer, expired, fault, header, invalidQuery, jsonAnswer, notFound, storeUnavailable, tooManyConnections } from './answers.js'
import { onClosed } from './closed.js'
import { linkParameters, type JobIdRequest, type RouteContext } from './context.js'
import { etagOf, isKnown } from './etag.js'
import { requestedWait, type WaitRequest } from './wait.js'

/** Registers `GET /status/:jobId`: the job as it is now. */
export function statusRoute (app: FastifyInstance, { definition, operations, callerOf, connections, prefix, operationId, documented, closing, options }: RouteContext): void {
  const parameters = linkParameters(app.prefix, '$request.path.jobId')
  app.get<JobIdRequest & WaitRequest>('/status/:jobId', documented({
    operationId: operationId('status'),
    tags: [definition.name],
    summary: '2. Follow its status',
    description: 'Ask until `status` is final: `completed`, `failed` or `canceled`. Until then `pollAfterMs` (and the header `Retry-After`, in seconds) says when to ask again. Cheap: it reads neither the input nor the output. With `?wait=N` the answer comes as soon as the job is final, or after N seconds: then ask again at once. With the `ETag` of the last answer in `If-None-Match`, the answer is **304** if the job has not changed. With both, it comes at the first change.',
    params: pathParams(paramsOf(app.prefix), true),
    querystring: waitQuery(options.maxWait),
    headers: optionalHeaders({ 'if-none-match': { description: 'The `ETag` of the last answer: the job is only sent where it has changed since (RFC 9110, section 13.1.2).', example: 'W/"mS4Xq0TzmS4Xq0Tz"' } }),
    response: {
      200: jsonAnswer('The job as it is now.', JobSchema, exampleJobs(prefix, definition.attempts), { ETag: header.etag, 'Cache-Control': header.cacheControl, 'Retry-After': header.retryAfterUntilFinal, 'Preference-Applied': header.preferenceApplied }),
      304: emptyAnswer('The job has not changed since the answer that had this `ETag`.'),
      400: invalidQuery,
      404: notFound,
      410: expired,
      ...tooManyConnections(options),
      500: fault,
      503: storeUnavailable
    }
  }, {
    200: {
      result: { operationId: operationId('result'), parameters, description: 'Get the output once the status is `completed`.' },
      cancel: { operationId: operationId('cancel'), parameters, description: 'Stop it as long as the status is not final.' }
    }
  }), async (request, reply) => {
    const caller = await callerOf(request)
    const wait = requestedWait(request, reply, options.maxWait, closing)
    if (wait !== undefined) onClosed(reply, connections.take(caller))
    const { 'if-none-match': known } = request.headers
    const job = await operations.status(request.params.jobId, caller, wait && {
      ...wait, isNews: known === undefined ? undefined : now => !isKnown(known, etagOf(now))
    })
    const etag = etagOf(job)
    reply.headers({ etag, ...retryAfter(job), ...wait?.headers })
    if (known !== undefined && isKnown(known, etag)) return reply.code(304).send()
    return reply.type('application/json').send(JSON.stringify(job))
  })
}
