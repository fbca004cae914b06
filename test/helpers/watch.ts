import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { EventSourceParserStream } from 'eventsource-parser/stream'
import type { Test } from 'tap'
import { WebSocket } from 'ws'

/** Has a service listen, and gives where. */
export async function listen (app: FastifyInstance): Promise<string> {
  if (app.server.address() === null) await app.listen({ port: 0, host: '127.0.0.1' })
  return `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
}

/** An event as a client gets it. */
export interface SentEvent {
  id: string | undefined
  event: string | undefined
  data: Record<string, unknown>
}

/** Opens a stream of Server-Sent Events, until the test ends. */
export async function openStream (t: Test, url: string, headers: Record<string, string> = {}): Promise<{ response: Response, events: AsyncGenerator<SentEvent>, comments: string[], hangUp (): void }> {
  const gone = new AbortController()
  t.teardown(() => { gone.abort() })
  const response = await fetch(url, { headers, signal: gone.signal })
  const comments: string[] = []
  const parser = new EventSourceParserStream({ onComment: comment => { comments.push(comment) } })
  const messages = response.body?.pipeThrough(new TextDecoderStream()).pipeThrough(parser)
  const events = (async function * () {
    for await (const { id, event, data } of messages ?? []) yield { id, event, data: JSON.parse(data) as Record<string, unknown> }
  })()
  return { response, events, comments, hangUp: () => { gone.abort() } }
}

/** Reads a stream to its end. */
export async function all<Item> (items: AsyncIterable<Item>): Promise<Item[]> {
  const read: Item[] = []
  for await (const item of items) read.push(item)
  return read
}

export interface Socket {
  socket: WebSocket
  send (message: unknown): void
  /** The next message that has not been read. */
  next (): Promise<Record<string, unknown>>
  /** How the server closed it. */
  closed: Promise<[code: number, reason: string]>
}

/** Connects a WebSocket, until the test ends. */
export async function openSocket (t: Test, url: string, headers: Record<string, string> = {}): Promise<Socket> {
  const socket = new WebSocket(url.replace('http', 'ws'), { headers })
  t.teardown(() => { socket.terminate() })
  const messages: Array<Record<string, unknown>> = []
  socket.on('message', data => { messages.push(JSON.parse(String(data)) as Record<string, unknown>) })
  const closed = once(socket, 'close').then(([code, reason]): [number, string] => [code as number, String(reason)])
  closed.catch(() => {})
  await once(socket, 'open')
  return {
    socket,
    closed,
    send: message => { socket.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message)) },
    async next () {
      while (messages.length === 0) await once(socket, 'message')
      return messages.shift() as Record<string, unknown>
    }
  }
}
