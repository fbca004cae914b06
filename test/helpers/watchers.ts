import { createParser } from 'eventsource-parser'
import { once } from 'node:events'
import { Agent, request, type IncomingMessage } from 'node:http'
import WebSocket from 'ws'
import type { Job, JobEvent, Problem } from '../../types/job.js'
import { call, isFinalJob, pause, type Gateway, type Reply } from './cluster.js'
import { latch, type Latch } from './latch.js'

/* Clients that watch jobs to their end. Each resumes where its connection broke, and keeps all that it was told. */

/** What a watcher was told of a job, in order. */
export type History = JobEvent[]

/** As browsers do. */
const agent = new Agent({ keepAlive: true })

/** Opens a stream. Resolves when its head has arrived. */
export async function openStream ({ origin }: Pick<Gateway, 'origin'>, jobId: string, after?: string, signal?: AbortSignal): Promise<IncomingMessage> {
  const sent = request(`${origin}/jobs/events/${jobId}`, { agent, ...(signal && { signal }), headers: { accept: 'text/event-stream', ...(after !== undefined && { 'last-event-id': after }) } })
  sent.end()
  const [response] = await once(sent, 'response') as [IncomingMessage]
  return response
}

/** The events of a stream, until it ends or breaks. */
export async function readStream (stream: IncomingMessage, onEvent: (event: JobEvent) => void): Promise<void> {
  const parser = createParser({ onEvent: ({ id = '', event, data }) => { onEvent(toEvent(id, event, JSON.parse(data))) } })
  stream.setEncoding('utf8')
  try {
    for await (const text of stream) parser.feed(text as string)
  } catch {
    // It broke.
  }
}

function toEvent (id: string, type: string | undefined, data: unknown): JobEvent {
  return (type === 'job' ? { type, id, job: data } : { type, id, ...data as object }) as JobEvent
}

/**
 * Watches a job over SSE.
 * @param breakAfter hangs up after every so many events
 * @param open resolves to undefined where the connection broke
 */
export async function watchStream (
  gateway: Pick<Gateway, 'origin'>, jobId: string, breakAfter = Infinity,
  open: (gateway: Pick<Gateway, 'origin'>, jobId: string, after?: string) => Promise<IncomingMessage | undefined> = openStream
): Promise<History> {
  const history: History = []
  for (;;) {
    const stream = await open(gateway, jobId, history.at(-1)?.id).catch(() => undefined)
    if (stream?.statusCode === 204) return history
    if (stream?.statusCode === 200) {
      let count = 0
      await readStream(stream, event => {
        if (stream.destroyed) return
        history.push(event)
        if (++count >= breakAfter) stream.destroy()
      })
      if (isOver(history)) return history
    } else if (stream !== undefined && stream.statusCode !== 503) {
      throw new Error(`The stream was answered with ${stream.statusCode}`)
    } else {
      stream?.resume()
      await pause()
    }
  }
}

function isOver (history: History): boolean {
  const last = history.at(-1)
  return last?.type === 'job' && isFinalJob(last.job)
}

type ServerMessage = JobEvent | { type: 'error', jobId: string, problem: Problem }

/** Watches many jobs over one WebSocket at a time. */
export interface SocketWatcher {
  watch (jobId: string): Promise<History>
  /** How often it was connected. */
  readonly connections: number
  close (): void
}

/** @param breakAfter hangs up after every so many messages */
export function openSocketWatcher (gateway: Pick<Gateway, 'origin'>, breakAfter = Infinity): SocketWatcher {
  const watched = new Map<string, { history: History, over: Latch<History>, failed: (error: Error) => void }>()
  let socket: WebSocket
  let connections = 0
  let closed = false

  const subscribe = (jobId: string): void => {
    const after = watched.get(jobId)?.history.at(-1)?.id
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ type: 'subscribe', jobId, after }))
  }

  const receive = (message: ServerMessage): void => {
    const jobId = message.type === 'job' ? message.job.jobId : message.jobId
    const watching = watched.get(jobId)
    // Nothing may come after the end: the history then shows it.
    if (watching === undefined) throw new Error(`A message about a job that is not watched: ${JSON.stringify(message)}`)
    if (message.type !== 'error') {
      watching.history.push(message)
      if (isOver(watching.history)) watching.over.open(watching.history)
    } else if (message.problem.status === 503) {
      // A new connection has subscribed to everything anew: twice, it would be told twice.
      const refused = socket
      void pause().then(() => { if (socket === refused) subscribe(jobId) })
    } else {
      watching.failed(new Error(`The subscription was refused: ${JSON.stringify(message)}`))
    }
  }

  const connect = (): void => {
    connections++
    let count = 0
    const opened = socket = new WebSocket(`${gateway.origin.replace('http', 'ws')}/jobs/socket`)
    opened.on('open', () => {
      for (const [jobId, { history }] of watched) if (!isOver(history)) subscribe(jobId)
    })
    opened.on('message', data => {
      if (socket !== opened) return
      receive(JSON.parse(String(data)) as ServerMessage)
      if (++count >= breakAfter) {
        opened.terminate()
        connect()
      }
    })
    opened.on('error', () => {})
    opened.on('close', () => { if (socket === opened && !closed) void pause().then(connect) })
  }
  connect()

  return {
    async watch (jobId) {
      const over = latch<History>()
      return await new Promise<History>((resolve, reject) => {
        watched.set(jobId, { history: [], over, failed: reject })
        void over.promise.then(resolve)
        subscribe(jobId)
      })
    },
    get connections () { return connections },
    close () { closed = true; socket.close() }
  }
}

/**
 * Watches a job with long polls.
 * @param ask resolves to undefined where the connection broke
 */
export async function watchPolls (
  gateway: Pick<Gateway, 'origin'>, jobId: string, wait: number,
  ask: (gateway: Pick<Gateway, 'origin'>, path: string, wait: number) => Promise<Reply<Job> | undefined> = poll
): Promise<History> {
  const history: History = []
  while (!isOver(history)) {
    const reply = await ask(gateway, `/status/${jobId}`, wait).catch(() => undefined)
    if (reply?.status === 200) history.push({ type: 'job', id: '', job: reply.body })
    else if (reply !== undefined && reply.status !== 503) throw new Error(`The poll was answered with ${reply.status}`)
    else await pause()
  }
  return history
}

function poll (gateway: Pick<Gateway, 'origin'>, path: string, wait: number): Promise<Reply<Job>> {
  return call<Job>(gateway, 'GET', path, { headers: { prefer: `wait=${wait}` } })
}
