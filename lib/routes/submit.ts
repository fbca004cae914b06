import type { TSchema } from '@sinclair/typebox'
import type { FastifyInstance, RouteOptions } from 'fastify'
import { retryAfter } from '../job-handle.js'
import { paramsOf } from '../job-links.js'
import { exampleJobs, JobSchema, pathParams } from '../schemas.js'
import { header, jsonAnswer, problemAnswer, storeUnavailable } from './answers.js'
import { linkParameters, type RouteContext } from './context.js'

/** `POST /`: accepts an input, answers at once with the job. */
export function submitRoute (app: FastifyInstance, { definition, operations, baseOf, prefix, operationId, documented }: RouteContext): void {
  const linked = linkParameters(app.prefix, '$response.body#/jobId')
  const documentation = {
    operationId: operationId('submit'),
    tags: [definition.name],
    summary: '1. Submit a job',
    description: [
      definition.description,
      'The work may take longer than a request should, so it is a **job**:',
      [
        '1. **Submit** the input here. The answer comes at once: **202** with the `jobId`, and where to ask in `Location`.',
        `2. **Follow** it with \`GET ${prefix}/status/{jobId}\` until \`status\` is \`completed\`, waiting \`pollAfterMs\` before you ask again.`,
        `3. **Get** the output with \`GET ${prefix}/result/{jobId}\`.`
      ].join('\n')
    ].filter(Boolean).join('\n\n'),
    ...(paramsOf(app.prefix).length > 0 && { params: pathParams(paramsOf(app.prefix), false) }),
    body: definition.input,
    response: {
      202: jsonAnswer('The job is stored and will be worked on.', JobSchema, { pending: exampleJobs(prefix, definition.attempts).pending }, { Location: header.location, 'Retry-After': header.retryAfter }),
      400: problemAnswer(400, [
        { code: 'INPUT_INVALID', meaning: 'The input does not match its schema; `issues` tells where.', ...exampleIssue(definition.input) },
        { code: 'INPUT_MALFORMED', meaning: 'The body cannot be parsed.', detail: 'Body is not valid JSON but content-type is set to \'application/json\'' }
      ]),
      413: problemAnswer(413, [{ code: 'INPUT_TOO_LARGE', meaning: 'The body is larger than this service takes.', detail: 'Request body is too large' }]),
      415: problemAnswer(415, [{ code: 'UNSUPPORTED_MEDIA_TYPE', meaning: 'The body is in no media type that this service takes.', detail: 'Unsupported Media Type' }]),
      503: storeUnavailable
    }
  }
  const links = {
    202: {
      status: { operationId: operationId('status'), parameters: linked, description: 'Ask until the status is final.' },
      result: { operationId: operationId('result'), parameters: linked, description: 'Get the output once the status is `completed`.' }
    }
  }
  const route: RouteOptions = {
    method: 'POST',
    url: '/',
    handler: async (request, reply) => {
      const job = await operations.submit(request.body, baseOf(request))
      return reply.code(202).headers({ location: job.links.status, ...retryAfter(job) }).type('application/json').send(job)
    }
  }
  app.route({ ...route, ...documented(documentation, links), prefixTrailingSlash: 'no-slash' })
  // Fastify would register both by itself, but then the documentation shows only the one with the slash.
  if (needsSlash(app)) app.route({ ...route, ...documented({ ...documentation, hide: true }), prefixTrailingSlash: 'slash' })
}

/** Whether the path with a slash at its end is another one to the host's router. */
function needsSlash ({ prefix, initialConfig }: FastifyInstance): boolean {
  const { ignoreTrailingSlash } = { ...initialConfig, ...initialConfig.routerOptions }
  return prefix !== '' && !prefix.endsWith('/') && !ignoreTrailingSlash
}

/** What is wrong with an empty object, where the input is one. */
function exampleIssue (input: TSchema): { detail: string, issues: Array<{ pointer: string, detail: string }> } {
  const [required] = (input['required'] ?? []) as string[]
  const detail = required === undefined ? `must be ${String(input['type'] ?? 'valid')}` : `must have required property '${required}'`
  return { detail: `body ${detail}`, issues: [{ pointer: '', detail }] }
}
