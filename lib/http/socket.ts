import { AsyncResource } from 'node:async_hooks'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { JobEvent } from '../../types/job.js'
import { OriginNotAllowedError, UpgradeRequiredError, withDetails } from '../base/errors.js'
import type { Caller } from '../api/operations.js'
import { paramsOf } from '../job/links.js'
import { problemFor } from './problem.js'
import { pathParams } from './schemas.js'
import { createSocketSession } from '../events/socket-session.js'
import { emptyAnswer, problemAnswer } from './answers.js'
import type { RouteContext } from './context.js'

/** How often the server pings a client, in ms. A client that has not answered by the next ping is gone. */
const PING_INTERVAL = 15_000

/** How long a client has to answer the closing handshake when the service closes, in ms. */
const CLOSE_TIMEOUT = 1_000

/** Close code of a service that closes: the client may reconnect. From the IANA registry of close codes. */
const SERVICE_RESTART = 1012

/** Close code for an owner with too many connections. From the same registry. */
const TRY_AGAIN_LATER = 1013

/** Registers `GET /socket`: many jobs over one WebSocket. */
export function socketRoute (app: FastifyInstance, { definition, operations, callerOf, connections, operationId, documented, closing, options }: RouteContext): void {
  const callers = new WeakMap<FastifyRequest, Caller>()
  app.route({
    method: 'GET',
    url: '/socket',
    exposeHeadRoute: false,
    ...documented({
      operationId: operationId('socket'),
      tags: [definition.name],
      summary: 'Watch many jobs',
      description: [
        `A WebSocket (RFC 6455) over which up to ${options.maxSubscriptions} jobs are watched. Messages are JSON.`,
        [
          '- Send `{"type":"subscribe","jobId":"…"}`, after a broken connection with `"after"`, the `id` of the last message about that job; `{"type":"unsubscribe","jobId":"…"}` ends it.',
          '- Send `{"type":"ping"}` to learn whether the connection still works: it is answered with `{"type":"pong"}`.',
          '- `{"type":"job","id":"…","job":{…}}` tells of the job as it is, then whenever it has changed. After a final job, nothing more comes about it.',
          '- `{"type":"output","id":"…","jobId":"…","index":0,"run":1,"data":…}` is a chunk of its partial output.',
          '- `{"type":"error","jobId":"…","problem":{…}}` ends the subscription: there is no such job, or it cannot be read now.'
        ].join('\n'),
        [
          'It closes with **1008** after a message of another form, or after more subscriptions than are allowed. With **1009** after a message that is too long. With **1012** when the service closes: connect again, to another instance.',
          ...(options.owner ? ['With **3000** if a subscription shows that your credentials are no longer valid: connect again with others. With **1013** if you have too many connections: close some.'] : [])
        ].join(' ')
      ].join('\n\n'),
      ...(paramsOf(app.prefix).length > 0 && { params: pathParams(paramsOf(app.prefix), false) }),
      response: {
        101: emptyAnswer('The connection is a WebSocket from here on.'),
        '3xx': emptyAnswer('A redirect for clients that the service does not let in: to a login page, for example.'),
        default: { description: 'The answer of the service itself to clients that it does not let in.' },
        ...(options.allowedOrigins && { 403: problemAnswer(403, [{ code: 'ORIGIN_NOT_ALLOWED', detail: new OriginNotAllowedError().message }]) }),
        426: problemAnswer(426, [{ code: 'UPGRADE_REQUIRED', meaning: 'The request does not ask for a WebSocket.', detail: 'Connect with a WebSocket client.' }])
      }
    }),
    // Check origin and owner before the upgrade, while the server can still answer with an HTTP status.
    preHandler: async request => {
      if (!request.ws) return
      const { origin } = request.headers
      if (origin !== undefined && options.allowedOrigins?.includes(origin) === false) throw new OriginNotAllowedError()
      callers.set(request, await callerOf(request))
    },
    handler: async ({ raw }) => {
      // HTTP/2 has no header `Upgrade`, and Node refuses to send it.
      throw withDetails(new UpgradeRequiredError(), raw.httpVersionMajor === 1 ? { headers: { upgrade: 'websocket' } } : {})
    },
    wsHandler: (socket, request) => {
      // When the app closes, @fastify/websocket first closes all its clients without a code. Take this socket out, so
      // that `close` below can send one.
      app.websocketServer.clients.delete(socket)
      // preHandler has set the caller.
      const caller = callers.get(request) as Caller
      try {
        socket.once('close', connections.take(caller))
      } catch {
        return socket.close(TRY_AGAIN_LATER, 'You have too many connections: close some')
      }
      const session = createSocketSession(socket, {
        maxSubscriptions: options.maxSubscriptions,
        authorize: () => callerOf(request).then(({ owner }) => owner === caller.owner, (error: unknown) => {
          if (!isRefusal(error)) throw error
          request.log.info({ err: error }, 'The owner of a WebSocket is none any more')
          return false
        }),
        toProblem: error => problemFor(error, request.log),
        async * events (jobId, after, signal): AsyncGenerator<JobEvent> {
          const stream = await operations.events(jobId, caller, { after, signal })
          if (stream !== undefined) return yield * stream
          if (closing.aborted) return
          // The client has passed the id of the last event of a final job. Send the job again, so that the subscription
          // gets an answer.
          yield { type: 'job', id: after as string, job: await operations.status(jobId, caller) }
        }
      })
      const pinging = setInterval(session.ping, PING_INTERVAL)
      const close = (): void => {
        socket.close(SERVICE_RESTART, 'The service is closing: connect again')
        const timer = setTimeout(() => { socket.terminate() }, CLOSE_TIMEOUT)
        socket.once('close', () => { clearTimeout(timer) })
      }
      closing.addEventListener('abort', close)
      // Messages arrive outside of the async context of the request, in which the app may keep the user, for example.
      // So run their handler in that context.
      const inContext = AsyncResource.bind(session.receive)
      socket.on('message', (data, isBinary) => { inContext(isBinary ? undefined : String(data)) })
      socket.on('ping', session.pinged)
      socket.on('pong', session.pong)
      socket.on('close', () => {
        closing.removeEventListener('abort', close)
        clearInterval(pinging)
        session.end()
      })
    }
  })
}

/**
 * Whether an error of `owner` says that the credentials are not valid. Other errors, such as those of a database, do
 * not.
 */
function isRefusal (error: unknown): boolean {
  const { statusCode } = Object(error) as { statusCode?: unknown }
  return statusCode === 401 || statusCode === 403
}
