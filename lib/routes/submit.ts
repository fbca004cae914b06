import type { FastifyInstance } from 'fastify'
import { retryAfter } from '../job-handle.js'
import { jobSchema } from '../schemas.js'
import { header, jsonAnswer, problemAnswer, storeUnavailable } from './answers.js'
import { documented, type RouteContext } from './context.js'

/** `POST /`: accepts an input, answers at once with the job. */
export function submitRoute (app: FastifyInstance, { definition, operations, baseOf, prefix, operationId }: RouteContext): void {
  app.post('/', documented({
    operationId: operationId('submit'),
    tags: [definition.name],
    summary: `Submit a job: ${definition.name}`,
    description: [
      definition.description,
      'Answers at once with **202** and the job. Its work goes on behind it: ask `links.status` (the `Location` header) until `status` is `completed`, waiting `pollAfterMs` each time; then get the output from `links.result`.'
    ].filter(Boolean).join('\n\n'),
    body: definition.input,
    response: {
      202: jsonAnswer('The job is stored and will be worked on.', jobSchema(prefix, 'pending'), { Location: header.location, 'Retry-After': header.retryAfter }),
      400: problemAnswer(400, 'INPUT_INVALID', 'body/text must be string', { issues: [{ pointer: '/text', detail: 'must be string' }] }),
      413: problemAnswer(413, 'INPUT_TOO_LARGE', 'Request body is too large'),
      415: problemAnswer(415, 'UNSUPPORTED_MEDIA_TYPE', 'Unsupported Media Type'),
      503: storeUnavailable
    }
  }, {
    202: {
      status: { operationId: operationId('status'), parameters: { jobId: '$response.body#/jobId' }, description: 'Ask until the status is final.' },
      result: { operationId: operationId('result'), parameters: { jobId: '$response.body#/jobId' }, description: 'Get the output once the status is `completed`.' }
    }
  }), async (request, reply) => {
    const job = await operations.submit(request.body, baseOf(request))
    return reply.code(202).headers({ location: job.links.status, ...retryAfter(job) }).type('application/json').send(job)
  })
}
