import { fastifySSE } from '@fastify/sse'
import { Type } from '@sinclair/typebox'
import type { Writable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { StoreUnavailableError } from '../base/errors.js'
import { deliverPieces } from '../events/deliver.js'
import { paramsOf } from '../job/links.js'
import { EXAMPLE_ID, exampleJobs, optionalHeaders, pathParams } from './schemas.js'
import type { JobEvent } from '../../types/job.js'
import { emptyAnswer, expired, fault, notFound, storeUnavailable, streamAnswer, tooManyConnections } from './answers.js'
import { goneSignal, onClosed } from './closed.js'
import { type JobIdRequest, type RouteContext } from './context.js'

/**
 * How often the stream sends a comment, in ms. Proxies close silent connections, and only a write shows that a client
 * is gone.
 */
const KEEP_ALIVE = 15_000

/** How long a client has to read the rest when the service closes, in ms. */
const CLOSE_TIMEOUT = 1_000

/** How long a client waits before it reconnects after the stream broke, in ms. The stream tells it. */
const RETRY = 1_000

/** A stream that ends at once, so that its client reconnects. */
const NOTHING_NOW: JobEvent[] = []

/** Registers `GET /events/:jobId`: the job and its changes, as Server-Sent Events. */
export async function eventsRoute (app: FastifyInstance, { definition, operations, callerOf, connections, prefix, operationId, documented, closing, options }: RouteContext): Promise<void> {
  // If the app has registered @fastify/sse, use that one: its hooks see this route too.
  if (!app.hasPlugin('@fastify/sse')) await app.register(fastifySSE)

  app.get<EventsRequest>('/events/:jobId', {
    ...documented({
      operationId: operationId('events'),
      tags: [definition.name],
      summary: 'Watch a job',
      description: [
        '[Server-Sent Events](https://html.spec.whatwg.org/multipage/server-sent-events.html), for `EventSource` in browsers: the job as it is, then whenever it has changed, and every chunk of its partial output. The stream closes after the event with the final job.',
        '- `job`: `data` is the Job, as everywhere.\n- `output`: `data` is `{ jobId, index, run, data }`, in order. A client that comes late gets all chunks from the first one on. When `run` grows, the job has begun anew, and what was written before is obsolete.',
        'After a broken connection, `EventSource` sends the `id` of its last event in `Last-Event-ID`, and goes on after that. Once the final job was received, the answer is **204**, which tells it to stop.'
      ].join('\n\n'),
      params: pathParams(paramsOf(app.prefix), true),
      querystring: Type.Object({ lastEventId: Type.Optional(Type.String({ description: 'The same as the header `Last-Event-ID`, for clients that cannot send it.' })) }),
      headers: optionalHeaders({ 'last-event-id': { description: 'The `id` of the last event that was received. An unknown one is ignored.', example: '2.mS4Xq0Tz.wh6q89' } }),
      response: {
        200: streamAnswer('The stream.', examples(prefix, definition.attempts)),
        204: emptyAnswer('Everything was received: the job is final.'),
        404: notFound,
        410: expired,
        ...tooManyConnections(options),
        500: fault,
        503: storeUnavailable
      }
    }),
    preValidation: readLastEventId,
    exposeHeadRoute: false,
    sse: { kind: 'manual', heartbeat: false }
  }, async (request, reply) => {
    const caller = await callerOf(request)
    onClosed(reply, connections.take(caller))
    const gone = goneSignal(reply, closing)
    endWhenClosing(reply, request.raw.httpVersionMajor, closing)
    const after = lastEventId(request)
    const stream = await operations.events(request.params.jobId, caller, { after, signal: gone }).catch((error: unknown) => {
      // `EventSource` gives up after any answer but a stream. A client that has watched before gets an empty stream
      // during an outage, so that it reconnects.
      if (after === undefined || !(error instanceof StoreUnavailableError)) throw error
      return NOTHING_NOW
    })
    // There is nothing more to send. But if the service closes, `stream` may be undefined before the client has all.
    if (stream === undefined && !closing.aborted) return await reply.code(204).send()
    // No onSend hook runs for a stream, so set `no-store` here. `no-transform` keeps proxies from compressing the
    // stream: they would hold back events until there are enough of them.
    reply.header('cache-control', 'no-store, no-transform')
    reply.sse.sendHeaders()
    reply.raw.write(`retry: ${RETRY}\n\n`)
    if (stream === undefined) return
    let sending = false
    // Send comments between events, never in the middle of one.
    const keepAlive = setInterval(() => { if (!sending) reply.raw.write(':\n\n') }, KEEP_ALIVE)
    try {
      for await (const event of stream) {
        sending = true
        const sent = await deliverPieces(Buffer.from(toText(event)), piece => write(reply.raw, piece), gone)
        sending = false
        if (sent === 'stuck') reply.raw.destroy()
        if (sent !== 'sent') break
      }
    } catch (error) {
      // The status is sent already, so this answer cannot tell of the error. The client reconnects and gets it then.
      request.log.info({ err: error }, 'The stream of events ended')
    } finally {
      clearInterval(keepAlive)
    }
  })

  // The app's option `exposeHeadRoutes` also decides about this route. The type of initialConfig leaves the option out.
  if ((app.initialConfig as { exposeHeadRoutes?: boolean }).exposeHeadRoutes === false) return
  app.head<EventsRequest>('/events/:jobId', { ...documented({ hide: true }), preValidation: readLastEventId }, async (request, reply) => {
    const looked = new AbortController()
    const stream = await operations.events(request.params.jobId, await callerOf(request), { after: lastEventId(request), signal: looked.signal })
    looked.abort()
    return await (stream === undefined ? reply.code(204) : reply.type('text/event-stream')).send()
  })
}

interface EventsRequest extends JobIdRequest {
  Querystring: { lastEventId?: string }
}

/** Takes the last `lastEventId` of a query. A polyfill that reconnects several times may append one each time. */
function readLastEventId ({ query }: FastifyRequest<EventsRequest>, _reply: FastifyReply, done: () => void): void {
  if (Array.isArray(query.lastEventId)) query.lastEventId = query.lastEventId.at(-1) as string
  done()
}

/**
 * Returns the id of the client's last event, from the header or from the query. Polyfills of `EventSource` use the
 * query.
 */
function lastEventId ({ headers, query }: FastifyRequest<EventsRequest>): string | undefined {
  const header = headers['last-event-id']
  return header === undefined ? query.lastEventId : String(header)
}

/** Ends a response when the service closes. The client gets what is on its way, and a moment to read it. */
function endWhenClosing (reply: FastifyReply, httpVersion: number, closing: AbortSignal): void {
  const { raw } = reply
  let timer: NodeJS.Timeout | undefined
  const end = (): void => {
    // With keep-alive, the connection would keep the service from closing. Do not end a connection of HTTP/2, which
    // also carries other requests.
    const { socket } = raw
    if (httpVersion === 1) raw.once('finish', () => { socket?.destroySoon() })
    timer = setTimeout(() => { raw.destroy() }, CLOSE_TIMEOUT)
  }
  if (closing.aborted) end()
  else closing.addEventListener('abort', end)
  onClosed(reply, () => {
    closing.removeEventListener('abort', end)
    clearTimeout(timer)
  })
}

/** Writes a piece. Resolves when the stream takes more. */
function write (to: Writable, piece: Buffer): Promise<void> {
  return new Promise(resolve => {
    if (to.write(piece)) resolve()
    else to.once('drain', resolve)
  })
}

/** The text of an event. It has one line of data, because JSON has no line breaks. */
function toText ({ type, id, ...data }: JobEvent): string {
  return eventText(id, type, 'job' in data ? data.job : data)
}

function eventText (id: string, event: string, data: object): string {
  return `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}

/** Examples in the documentation, in the format of the stream. */
function examples (prefix: string, attempts: number): Record<string, string> {
  const { in_progress: running, completed } = exampleJobs(prefix, attempts)
  return {
    'a job that writes': eventText('0.mS4Xq0Tz.vmg48k', 'job', running) +
      eventText('1.mS4Xq0Tz.17wj2oa', 'output', { jobId: EXAMPLE_ID, index: 0, run: 1, data: 'It was a dark ' }) +
      eventText('2.mS4Xq0Tz.wh6q89', 'output', { jobId: EXAMPLE_ID, index: 1, run: 1, data: 'and stormy night' }) +
      eventText('2.aB3dE5fG.nxpiym', 'job', completed)
  }
}
