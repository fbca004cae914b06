import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import { createServer } from 'node:http'
import { asyncJobs } from '../../lib/index.js'
import { listen, testHost } from '../helpers/host.js'

/* What Fastify itself can be told, and what hosts add to it: neither must be seen by clients of jobs. */

const OPTIONS: Record<string, FastifyServerOptions> = {
  'lenient paths': { routerOptions: { caseSensitive: false, ignoreTrailingSlash: true, ignoreDuplicateSlashes: true } },
  'no HEAD routes': { exposeHeadRoutes: false },
  'connections that closing ends': { forceCloseConnections: true },
  'answers while it closes': { return503OnClosing: false },
  'short timeouts': { keepAliveTimeout: 1, requestTimeout: 400, connectionTimeout: 400 },
  'a validator that changes much': { ajv: { customOptions: { coerceTypes: 'array', removeAdditional: 'all', allErrors: true, useDefaults: 'empty' } } },
  'a validator that stops at the first error': { ajv: { customOptions: { allErrors: false, removeAdditional: false, coerceTypes: false } } },
  'a proxy that is trusted': { trustProxy: true },
  'rewritten URLs': { rewriteUrl: ({ url = '' }) => url.replace(/^\/public/, '') },
  'a server of its own': { serverFactory: handler => createServer(handler) },
  'small bodies': { bodyLimit: 64, onProtoPoisoning: 'remove', onConstructorPoisoning: 'remove' }
}

for (const [name, options] of Object.entries(OPTIONS)) {
  testHost(async (guest, t) => {
    const app = Fastify(options) as unknown as FastifyInstance
    await app.register(asyncJobs, guest)
    const host = await listen(app, t)
    return options.rewriteUrl === undefined ? host : { ...host, url: host.url.replace('/jobs', '/public/jobs') }
  }, name)
}

const ADDED: Record<string, (app: FastifyInstance) => unknown> = {
  'hooks that wrap answers': app => app
    .addHook('preSerialization', async (_request, _reply, payload) => ({ data: payload }))
    .addHook('onSend', async (_request, reply, payload) => {
      void reply.header('x-powered-by', 'us')
      return payload
    }),
  'a serializer of its own': app => app.setReplySerializer(payload => `wrapped ${JSON.stringify(payload)}`),
  'a compiler of serializers': app => app.setSerializerCompiler(() => data => `compiled ${JSON.stringify(data)}`),
  'handlers of errors and strangers': app => app
    .setErrorHandler((error, _request, reply) => reply.code(500).send({ oops: String(error) }))
    .setNotFoundHandler((_request, reply) => reply.code(200).send('a page')),
  'a format of errors': app => app.setSchemaErrorFormatter(errors => new Error(`${errors.length} errors`)),
  'a parser for everything': app => app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => { done(null, body) }),
  'a parser of JSON': app => {
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('application/json', { parseAs: 'string' }, async (_request: unknown, body: string) => JSON.parse(body) as unknown)
  },
  'answers that are streams': app => app.addHook('onSend', async (_request, _reply, payload) =>
    typeof payload === 'string' ? new Response(payload).body : payload)
}

for (const [name, add] of Object.entries(ADDED)) {
  testHost(async (guest, t) => {
    const app = Fastify()
    add(app)
    await app.register(asyncJobs, guest)
    return listen(app, t)
  }, name)
}
