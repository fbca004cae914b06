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

/** Registers all routes of a job. `app` must be an instance of their own, with the job's prefix. */
export async function registerRoutes (app: FastifyInstance, given: Omit<RouteContext, 'documented'>, errors: 'problem' | 'host'): Promise<void> {
  const context: RouteContext = { ...given, documented: createDocumented(app, errors, createHostOptions(app, given.definition, given.checkInput), given.definition) }
  if (errors === 'problem') app.setErrorHandler(sendProblem)
  app.addHook('onSend', ({ raw }, reply, _payload, done) => {
    // Errors get `no-store` too: a cache may store any answer, but each is only for the client that asked, at this
    // moment.
    reply.header('cache-control', 'no-store')
    // With keep-alive, the connection of a client that waited would keep the service from closing.
    if (given.closing.aborted && raw.httpVersionMajor === 1) reply.header('connection', 'close')
    done()
  })
  // Claim all routes, not only that of WebSockets: a client may ask any of them for an upgrade to HTTP/2.
  app.addHook('onRoute', ({ url }) => { claimPath(app.server, url) })
  app.addHook('preValidation', readWait)
  giveTimeToWait(app, context)
  allowSilence(app)
  // The router passes an id that is longer than its maxParamLength only to wildcard routes. Such an id is unknown.
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
  // These routes come last, because hidden routes carry the transformation that adds the components and the tag. By
  // then, the document has the routes that refer to them.
  for (const path of ['/status/*', '/result/*', '/events/*']) app.get(path, context.documented({ hide: true }), unknown)
}

/**
 * Extends the app's `handlerTimeout` for our routes: by the longest wait, and for streams and WebSockets without end.
 */
function giveTimeToWait (app: FastifyInstance, { options: { maxWait } }: RouteContext): void {
  // The type of initialConfig leaves the option out.
  const { handlerTimeout = 0 } = app.initialConfig as { handlerTimeout?: number }
  if (handlerTimeout === 0) return
  app.addHook('onRoute', route => {
    const lasts = 'sse' in route || 'wsHandler' in route
    route.handlerTimeout = lasts ? LONGEST : Math.min(handlerTimeout + maxWait * 1_000, LONGEST)
  })
}

/** Makes the function that adds documentation to the options of a route, in the form that this app can show. */
function createDocumented (app: FastifyInstance, errors: 'problem' | 'host', host: HostOptions, { name, description = `The job \`${name}\`.` }: JobDefinition): RouteContext['documented'] {
  const openApi3 = writesOpenApi3(app)
  // @fastify/swagger passes its document only to transformations. The transformation of a route replaces the app's own
  // for that route. So only hidden routes have one, and the app's own sees all others.
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
 * Whether the app writes OpenAPI 3. If it gave @fastify/swagger no options, that writes Swagger 2.0, and throws for
 * every link. Only the source of `app.swagger` tells the two apart.
 */
function writesOpenApi3 (app: FastifyInstance): boolean {
  return 'swagger' in app && String(app.swagger).includes('openapiObject')
}
