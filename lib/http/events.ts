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

/** How often a comment is sent, in ms: proxies close what is silent, and a client that is gone is noticed only by writing to it. */
const KEEP_ALIVE = 15_000

/** How long a client has to read the rest when the service closes, in ms. */
const CLOSE_TIMEOUT = 1_000

/** How soon a client comes back after the stream broke, in ms. */
const RETRY = 1_000

/** A stream that ends at once: its client asks again. */
const NOTHING_NOW: JobEvent[] = []

/** `GET /events/:jobId`: the job as it changes, as Server-Sent Events. */
export async function eventsRoute (app: FastifyInstance, { definition, operations, callerOf, connections, prefix, operationId, documented, closing, options }: RouteContext): Promise<void> {
  // Where the host has it, its hooks see this route, too.
  if (!app.hasPlugin('@fastify/sse')) await app.register(fastifySSE)

  app.get<EventsRequest>('/events/:jobId', {
    ...documented({
      operationId: operationId('events'),
      tags: [definition.name],
      summary: 'Watch a job',
      description: [
        '[Server-Sent Events](https://html.spec.whatwg.org/multipage/server-sent-events.html), for `EventSource` in browsers: the job as it is, then whenever it has changed, and every chunk of its partial output. The stream closes after the event with the final job.',
        '- `job`: `data` is the Job, as everywhere.\n- `output`: `data` is `{ jobId, index, run, data }`, in order. Who comes late gets all chunks from the first. When `run` grows, the job has begun anew, and what was written before is obsolete.',
        'After a broken connection, `EventSource` sends the `id` of its last event in `Last-Event-ID`, and goes on after that. Once the final job was received, the answer is **204**, which tells it to stop.'
      ].join('\n\n'),
      params: pathParams(paramsOf(app.prefix), true),
      querystring: Type.Object({ lastEventId: Type.Optional(Type.String({ description: 'The same as the header `Last-Event-ID`, for clients that cannot send it.' })) }),
      headers: optionalHeaders({ 'last-event-id': { description: 'The `id` of the last event that was received. One from nowhere is ignored.', example: '2.mS4Xq0Tz.wh6q89' } }),
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
      // To `EventSource` any answer but a stream is the last one: who has watched already is to come back.
      if (after === undefined || !(error instanceof StoreUnavailableError)) throw error
      return NOTHING_NOW
    })
    // A service that closes has not told all, so it is not this.
    if (stream === undefined && !closing.aborted) return await reply.code(204).send()
    // Where caches are concerned, like all answers; but no hook runs for this one. What compresses on the way would
    // hold back the events until there are enough of them.
    reply.header('cache-control', 'no-store, no-transform')
    reply.sse.sendHeaders()
    reply.raw.write(`retry: ${RETRY}\n\n`)
    if (stream === undefined) return
    let sending = false
    // In between, never in the middle of an event.
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
      // The status has left: the client asks again, and is told then.
      request.log.info({ err: error }, 'The stream of events ended')
    } finally {
      clearInterval(keepAlive)
    }
  })

  // The host decides whether there is one for each GET, as for its own.
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

/** One who comes back may have a query that it has already come back with. */
function readLastEventId ({ query }: FastifyRequest<EventsRequest>, _reply: FastifyReply, done: () => void): void {
  if (Array.isArray(query.lastEventId)) query.lastEventId = query.lastEventId.at(-1) as string
  done()
}

/** By the header or, as polyfills of `EventSource` send it, by the query. */
function lastEventId ({ headers, query }: FastifyRequest<EventsRequest>): string | undefined {
  const header = headers['last-event-id']
  return header === undefined ? query.lastEventId : String(header)
}

/** When the service closes, the client gets what is on its way, and a moment to read it. */
function endWhenClosing (reply: FastifyReply, httpVersion: number, closing: AbortSignal): void {
  const { raw } = reply
  let timer: NodeJS.Timeout | undefined
  const end = (): void => {
    // Kept alive, its connection would hold up the service that closes. That of HTTP/2 is not only ours.
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

/** Resolves when the client may be sent more. */
function write (to: Writable, piece: Buffer): Promise<void> {
  return new Promise(resolve => {
    if (to.write(piece)) resolve()
    else to.once('drain', resolve)
  })
}

/** JSON has no line breaks: an event is one line of data. */
function toText ({ type, id, ...data }: JobEvent): string {
  return eventText(id, type, 'job' in data ? data.job : data)
}

function eventText (id: string, event: string, data: object): string {
  return `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}

/** The same texts that the stream has. */
function examples (prefix: string, attempts: number): Record<string, string> {
  const { in_progress: running, completed } = exampleJobs(prefix, attempts)
  return {
    'a job that writes': eventText('0.mS4Xq0Tz.vmg48k', 'job', running) +
      eventText('1.mS4Xq0Tz.17wj2oa', 'output', { jobId: EXAMPLE_ID, index: 0, run: 1, data: 'It was a dark ' }) +
      eventText('2.mS4Xq0Tz.wh6q89', 'output', { jobId: EXAMPLE_ID, index: 1, run: 1, data: 'and stormy night' }) +
      eventText('2.aB3dE5fG.nxpiym', 'job', completed)
  }
}
