import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify'
import { retryAfter, type Caller } from '../api/operations.js'
import type { Job } from '../../types/job.js'
import { IdempotencyKeyInvalidError, IdempotencyKeyReusedError, StoreUnavailableError } from '../base/errors.js'
import { idempotencyKey, KEY_PATTERN } from './idempotency-key.js'
import { toJsonSchema } from '../definition/json-schema.js'
import { hashOfInput, jsonInput } from '../job/sent-input.js'
import { paramsOf } from '../job/links.js'
import { isFinal } from '../job/state.js'
import { resolveJobOptions } from '../definition/options.js'
import { exampleJobs, JobSchema, optionalHeaders, pathParams } from './schemas.js'
import { faultOrOutputInvalid, header, jsonAnswer, problemAnswer, storeUnavailable, storeUnavailableOrFull, tooLarge, tooManyConnections } from './answers.js'
import { onClosed } from './closed.js'
import type { Idempotency } from '../queue/submission.js'
import { linkParameters, type RouteContext } from './context.js'
import { failedOtherwise, jobCanceled, jobFailed, outputAnswer } from './result.js'
import type { Wait } from '../events/until-final.js'
import { requestedWait } from './wait.js'

/** Registers `POST /`: accepts an input, and answers at once with the job. */
export function submitRoute (app: FastifyInstance, { definition, operations, callerOf, connections, prefix, operationId, documented, closing, options }: RouteContext): void {
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
        `2. **Follow** it with \`GET ${prefix}/status/{jobId}\` until \`status\` is \`completed\`, waiting \`pollAfterMs\` before you ask again. Or watch it: \`GET ${prefix}/events/{jobId}\` tells of every change.`,
        `3. **Get** the output with \`GET ${prefix}/result/{jobId}\`.`
      ].join('\n'),
      `Or ask to wait: with the header \`Prefer: wait=N\` (RFC 7240), a job that is final within N seconds (at most ${options.maxWait}) is answered with its output at once, exactly as \`GET ${prefix}/result/{jobId}\` would; any other one with the 202.`
    ].filter(Boolean).join('\n\n'),
    ...(paramsOf(app.prefix).length > 0 && { params: pathParams(paramsOf(app.prefix), false) }),
    headers: optionalHeaders({
      prefer: { description: '`wait=N`: answer with the output, if there is one within N seconds (RFC 7240, section 4.3).', example: 'wait=10' },
      'idempotency-key': { description: 'Any text of your own, such as a UUID. If you send it again with the same input, you get the same job instead of another one, as long as that job exists.', example: '8e03978e-40d5-43e8-bc93-6894a57f9324', pattern: KEY_PATTERN }
    }),
    body: toJsonSchema(definition.input, 'input'),
    response: {
      200: outputAnswer(definition, 'The output, where `Prefer` asked to wait for it.', { 'Content-Location': header.contentLocation, 'Preference-Applied': header.preferenceApplied }),
      202: jsonAnswer('The job is stored and will be worked on.', JobSchema, { pending: exampleJobs(prefix, definition.attempts).pending }, { Location: header.location, 'Retry-After': header.retryAfter, 'Preference-Applied': header.preferenceApplied, 'Idempotent-Replayed': header.idempotentReplayed }),
      400: problemAnswer(400, [
        { code: 'INPUT_INVALID', meaning: 'The input does not match its schema; `issues` tells where.', ...exampleIssue(toJsonSchema(definition.input, 'input')) },
        { code: 'IDEMPOTENCY_KEY_INVALID', meaning: 'The `Idempotency-Key` is no such key.', detail: new IdempotencyKeyInvalidError().message },
        { code: 'INPUT_MALFORMED', meaning: 'The body cannot be parsed.', detail: 'Body is not valid JSON but content-type is set to \'application/json\'' }
      ]),
      409: problemAnswer(409, [
        { ...jobFailed, meaning: 'The job failed while the request waited for it; `error` tells why.' },
        { ...jobCanceled, meaning: 'The job was canceled while the request waited for it.' }
      ], { 'Content-Location': header.contentLocation }),
      413: tooLarge,
      415: problemAnswer(415, [{ code: 'UNSUPPORTED_MEDIA_TYPE', meaning: 'The body is in no media type that this service takes.', detail: 'Unsupported Media Type' }]),
      422: problemAnswer(422, [{ code: 'IDEMPOTENCY_KEY_REUSED', meaning: 'The `Idempotency-Key` came with another input before.', detail: new IdempotencyKeyReusedError().message }]),
      ...tooManyConnections(options),
      '4xx': failedOtherwise,
      500: faultOrOutputInvalid,
      503: options.maxPending === undefined ? storeUnavailable : storeUnavailableOrFull
    }
  }
  const links = {
    202: {
      status: { operationId: operationId('status'), parameters: linked, description: 'Ask until the status is final.' },
      result: { operationId: operationId('result'), parameters: linked, description: 'Get the output once the status is `completed`.' },
      events: { operationId: operationId('events'), parameters: linked, description: 'Watch it instead of asking.' },
      cancel: { operationId: operationId('cancel'), parameters: linked, description: 'Stop it.' }
    }
  }

  // Waits for a job that is accepted. If that fails, for example because the store cannot be reached, it returns the
  // job as it was. An error would read as if the job had not been accepted.
  const settle = async (accepted: Job, caller: Caller, wait: Wait): Promise<Job> =>
    await operations.status(accepted.jobId, caller, wait).catch(() => accepted)

  /**
   * Returns the output as JSON, or undefined if the store cannot be reached.
   * @throws `JOB_FAILED`, `JOB_CANCELED`, `OUTPUT_INVALID`
   */
  const outputOf = async ({ jobId }: Job, caller: Caller): Promise<string | undefined> => {
    try {
      return await operations.result(jobId, caller)
    } catch (error) {
      if (error instanceof StoreUnavailableError) return undefined
      throw error
    }
  }

  const idempotency = new WeakMap<FastifyRequest, Idempotency>()

  const route: RouteOptions = {
    method: 'POST',
    url: '/',
    // Read the key before Fastify checks its pattern: the error of that check would have another code, and would not
    // state the rule. Hash the input before the validator changes it.
    preValidation: (request, _reply, done) => {
      const key = idempotencyKey(request.headers['idempotency-key'])
      if (key !== undefined) idempotency.set(request, { key, inputHash: hashOfInput(jsonInput(request.body ?? null)) })
      done()
    },
    handler: async (request, reply) => {
      const caller = await callerOf(request)
      const wait = requestedWait(request, reply, options.maxWait, closing)
      // Count the connection before the job is accepted. After that, nothing may be refused.
      if (wait !== undefined) onClosed(reply, connections.take(caller))
      // A request without a body has the input null, if the schema allows that.
      const input = request.body ?? null
      const own = resolveJobOptions(await options.jobOptions?.(request, input), 'jobOptions()')
      const { job: accepted, replayed } = await operations.submit(input, own, caller, idempotency.get(request))
      if (replayed) reply.header('idempotent-replayed', 'true')
      if (wait !== undefined) reply.headers(wait.headers)
      const job = wait === undefined ? accepted : await settle(accepted, caller, wait)
      if (wait !== undefined && isFinal(job.status)) {
        reply.header('content-location', job.links.result)
        const output = await outputOf(job, caller)
        if (output !== undefined) return reply.type('application/json').send(output)
        reply.removeHeader('content-location')
      }
      return reply.code(202).headers({ location: job.links.status, ...retryAfter(job) }).type('application/json').send(JSON.stringify(job))
    }
  }

  app.route({ ...route, ...documented(documentation, links), prefixTrailingSlash: 'no-slash' })
  // Register the path with and without a slash at its end. Fastify can register both by itself, but then the
  // documentation shows only the one with the slash.
  if (needsSlash(app)) app.route({ ...route, ...documented({ ...documentation, hide: true }), prefixTrailingSlash: 'slash' })
}

/** Whether the app's router takes the path with a slash at its end for another path. */
function needsSlash ({ prefix, initialConfig }: FastifyInstance): boolean {
  const { ignoreTrailingSlash } = { ...initialConfig, ...initialConfig.routerOptions }
  return prefix !== '' && !prefix.endsWith('/') && !ignoreTrailingSlash
}

/** Makes the example of `INPUT_INVALID`: the issue that an empty object has as an input. */
function exampleIssue (input: Record<string, unknown>): { detail: string, issues: Array<{ pointer: string, detail: string }> } {
  const [required] = (input['required'] ?? []) as string[]
  const detail = required === undefined ? `must be ${String(input['type'] ?? 'valid')}` : `must have required property '${required}'`
  return { detail: `body ${detail}`, issues: [{ pointer: '', detail }] }
}
