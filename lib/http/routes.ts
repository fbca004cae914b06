import type { FastifyInstance } from 'fastify'
import { JobNotFoundError } from '../base/errors.js'
import { sendProblem } from './problem.js'
import { LONGEST } from '../base/timer.js'
import { asHostErrors } from './answers.js'
import { cancelRoute } from './cancel.js'
import { addComponents, withReferences, type OpenApiObject } from './components.js'
import type { JobDefinition } from '../../types/definition.js'
import type { RouteContext } from './context.js'
import { eventsRoute } from './events.js'
import { resultRoute } from './result.js'
import { allowSilence } from './silence.js'
import { socketRoute } from './socket.js'
import { statusRoute } from './status.js'
import { submitRoute } from './submit.js'
import { declareTag } from './tag.js'
import { claimPath } from './upgrades.js'
import { createHostOptions, type HostOptions } from './validation.js'
import { readWait } from './wait.js'

/** All routes of a job, in an instance of their own that has the job's prefix. */
export async function registerRoutes (app: FastifyInstance, given: Omit<RouteContext, 'documented'>, errors: 'problem' | 'host'): Promise<void> {
  const context: RouteContext = { ...given, documented: createDocumented(app, errors, createHostOptions(app, given.definition, given.checkInput), given.definition) }
  if (errors === 'problem') app.setErrorHandler(sendProblem)
  app.addHook('onSend', ({ raw }, reply, _payload, done) => {
    // Refusals, too: what one client is told in passing is no other's answer, and a cache in between may keep any of them.
    reply.header('cache-control', 'no-store')
    // Who has waited until the service closed would keep it from closing, as long as the connection is kept alive.
    if (given.closing.aborted && raw.httpVersionMajor === 1) reply.header('connection', 'close')
    done()
  })
  // Also those of clients that would rather speak HTTP/2.
  app.addHook('onRoute', ({ url }) => { claimPath(app.server, url) })
  app.addHook('preValidation', readWait)
  giveTimeToWait(app, context)
  allowSilence(app)
  // An id longer than the router's maxParamLength reaches only what takes any path: it is unknown, too.
  const unknown = async (): Promise<never> => { throw new JobNotFoundError() }
  submitRoute(app, context)
  statusRoute(app, context)
  resultRoute(app, context)
  await app.register(async own => {
    cancelRoute(own, context)
    own.post('/cancel/*', context.documented({ hide: true }), unknown)
  })
  await eventsRoute(app, context)
  if (given.options.websocket) socketRoute(app, context)
  // Last of all: they bring the components and the tag, when what refers to them is in the document.
  for (const path of ['/status/*', '/result/*', '/events/*']) app.get(path, context.documented({ hide: true }), unknown)
}

/** A host may limit the time of its handlers. Those of ours have the time of a wait in addition, and streams all the time there is. */
function giveTimeToWait (app: FastifyInstance, { options: { maxWait } }: RouteContext): void {
  const { handlerTimeout = 0 } = app.initialConfig as { handlerTimeout?: number }
  if (handlerTimeout === 0) return
  app.addHook('onRoute', route => {
    const lasts = 'sse' in route || 'wsHandler' in route
    route.handlerTimeout = lasts ? LONGEST : Math.min(handlerTimeout + maxWait * 1_000, LONGEST)
  })
}

/** Documentation as this host can show it. */
function createDocumented (app: FastifyInstance, errors: 'problem' | 'host', host: HostOptions, { name, description = `The job \`${name}\`.` }: JobDefinition): RouteContext['documented'] {
  const openApi3 = writesOpenApi3(app)
  // The one place where @fastify/swagger shows its document, as long as the host's own transformation is to see our routes.
  const swaggerTransform = ({ openapiObject }: { openapiObject: OpenApiObject }) => {
    addComponents(openapiObject)
    declareTag(openapiObject, { name, description })
    return {}
  }
  return ({ response, ...documentation }, links) => {
    const answers = response && (errors === 'host' ? asHostErrors(response) : response)
    return {
      ...host,
      schema: { ...documentation, ...(answers && { response: openApi3 ? withReferences(answers) : answers }) },
      ...(openApi3 && links && { links }),
      ...(openApi3 && documentation.hide && { config: { swaggerTransform } })
    }
  }
}

/**
 * Whether the host documents itself in OpenAPI 3. Where it gave @fastify/swagger no options, that
 * writes Swagger 2.0 and throws for every link; and nothing but its source tells the two apart.
 */
function writesOpenApi3 (app: FastifyInstance): boolean {
  return 'swagger' in app && String(app.swagger).includes('openapiObject')
}
