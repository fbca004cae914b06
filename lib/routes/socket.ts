import type { FastifyInstance } from 'fastify'
import type { JobEvent } from '../../types/job.js'
import { UpgradeRequiredError, withDetails } from '../errors.js'
import { paramsOf } from '../job-links.js'
import { problemFor } from '../problem.js'
import { pathParams } from '../schemas.js'
import { createSocketSession } from '../socket-session.js'
import { emptyAnswer, problemAnswer } from './answers.js'
import type { RouteContext } from './context.js'

/** How often clients are pinged, in ms. One that has not answered by the next time is gone. */
const PING_INTERVAL = 15_000

/** How long a client has to answer the closing handshake when the service closes, in ms. */
const CLOSE_TIMEOUT = 1_000

/** The service closes: come back (from the IANA registry of close codes). */
const SERVICE_RESTART = 1012

/** `GET /socket`: many jobs over one WebSocket. */
export function socketRoute (app: FastifyInstance, { definition, operations, baseOf, operationId, documented, closing, options }: RouteContext): void {
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
        'It closes with **1008** after what is no such message, or more subscriptions than are allowed, with **1009** after one that is too long, and with **1012** when the service closes: connect again, to another instance.'
      ].join('\n\n'),
      ...(paramsOf(app.prefix).length > 0 && { params: pathParams(paramsOf(app.prefix), false) }),
      response: {
        101: emptyAnswer('The connection is a WebSocket from here on.'),
        default: { description: 'What the service itself answers whom it does not let in.' },
        426: problemAnswer(426, [{ code: 'UPGRADE_REQUIRED', meaning: 'The request does not ask for a WebSocket.', detail: 'Connect with a WebSocket client.' }])
      }
    }),
    handler: async ({ raw }) => {
      // HTTP/2 knows no such header, and Node refuses to send it.
      throw withDetails(new UpgradeRequiredError(), raw.httpVersionMajor === 1 ? { headers: { upgrade: 'websocket' } } : {})
    },
    wsHandler: (socket, request) => {
      // @fastify/websocket closes its sockets without a code, before anybody else is asked: ours are closed here.
      app.websocketServer.clients.delete(socket)
      const base = baseOf(request)
      const session = createSocketSession(socket, {
        maxSubscriptions: options.maxSubscriptions,
        toProblem: error => problemFor(error, request.log),
        async * events (jobId, after, signal): AsyncGenerator<JobEvent> {
          const stream = await operations.events(jobId, base, { after, signal })
          if (stream !== undefined) return yield * stream
          if (closing.aborted) return
          // Nothing is new. Who asks gets an answer all the same.
          yield { type: 'job', id: after as string, job: await operations.status(jobId, base) }
        }
      })
      const pinging = setInterval(session.ping, PING_INTERVAL)
      const close = (): void => {
        socket.close(SERVICE_RESTART, 'The service is closing: connect again')
        const timer = setTimeout(() => { socket.terminate() }, CLOSE_TIMEOUT)
        socket.once('close', () => { clearTimeout(timer) })
      }
      closing.addEventListener('abort', close)
      socket.on('message', (data, isBinary) => { session.receive(isBinary ? undefined : String(data)) })
      socket.on('pong', session.pong)
      socket.on('close', () => {
        closing.removeEventListener('abort', close)
        clearInterval(pinging)
        session.end()
      })
    }
  })
}
