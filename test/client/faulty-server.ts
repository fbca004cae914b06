import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import type { Job, JobStatus, Problem } from '../../types/job.js'
import { latch } from '../helpers/latch.js'

/** What the server does with one request. */
export type Reaction = (response: ServerResponse, request: IncomingMessage) => void

export interface Seen {
  method: string | undefined
  url: string | undefined
  headers: IncomingMessage['headers']
  body: string
}

/** A server that reacts to its first request with the first reaction, and so on; a request too many resets its connection. */
export async function faultyServer (t: Test, ...reactions: Reaction[]): Promise<{ url: string, seen: Seen[] }> {
  const seen: Seen[] = []
  const server = createServer((request, response) => {
    const reaction = reactions[seen.length] ?? reset
    const entry: Seen = { method: request.method, url: request.url, headers: request.headers, body: '' }
    seen.push(entry)
    request.setEncoding('utf8')
    request.on('data', (chunk: string) => { entry.body += chunk })
    request.on('end', () => { reaction(response, request) })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(async () => {
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jobs`, seen }
}

export function answer (status: number, body: unknown, headers: Record<string, string> = {}): Reaction {
  return response => { response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body)) }
}

export function html (status: number): Reaction {
  return response => { response.writeHead(status, { 'content-type': 'text/html' }).end('<h1>Welcome to nginx</h1>') }
}

/** The connection breaks before anything is answered. */
export function reset (response: ServerResponse): void {
  response.socket?.resetAndDestroy()
}

/** The connection breaks in the middle of the body. */
export function cutOff (response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
  response.write('{"jobId":', () => { response.socket?.resetAndDestroy() })
}

/** An event as the server writes it. */
export function event (id: string, type: string, data: unknown): string {
  return `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`
}

export function chunk (index: number): string {
  return event(`${index + 1}.`, 'output', { jobId: 'the-job', index, run: 1, data: `chunk ${index}` })
}

/** A stream of events, which then ends. */
export function stream (...events: string[]): Reaction {
  return response => { response.writeHead(200, EVENT_STREAM).end(START + events.join('')) }
}

/** A stream that stays open: what was written has left when `written` resolves. */
export function openStream (...events: string[]): { reaction: Reaction, written: Promise<ServerResponse>, gone: Promise<void> } {
  const written = latch<ServerResponse>()
  const gone = latch()
  return {
    reaction (response) {
      response.on('close', () => { gone.open() })
      response.writeHead(200, EVENT_STREAM).write(START + events.join(''), () => { written.open(response) })
    },
    written: written.promise,
    gone: gone.promise
  }
}

const EVENT_STREAM = { 'content-type': 'text/event-stream' }
const START = 'retry: 1000\n\n'

/** Never answers. Tells when the request is there, and when its sender gave up. */
export function silence (): { reaction: Reaction, arrived: Promise<void>, gone: Promise<void> } {
  const arrived = latch()
  const gone = latch()
  return {
    reaction (response) {
      response.on('close', () => { gone.open() })
      arrived.open()
    },
    arrived: arrived.promise,
    gone: gone.promise
  }
}

export function job (status: JobStatus, rest: Partial<Job> = {}): Job {
  return {
    jobId: 'the-job',
    status,
    progress: 0,
    attempt: 0,
    maxAttempts: 3,
    cancelRequested: false,
    createdAt: '2026-01-01T00:00:00.000Z',
    pollAfterMs: 1,
    links: { status: '/elsewhere/status/the-job', result: '/elsewhere/result/the-job', cancel: '/elsewhere/cancel/the-job', events: '/elsewhere/events/the-job' },
    ...rest
  }
}

export function problem (status: number, code: string, rest: Partial<Problem> = {}): Problem {
  return { type: 'about:blank', title: 'A problem', status, detail: `What ${code} means.`, code, ...rest }
}
