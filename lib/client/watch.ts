import type { FollowOptions, WatchEvent } from '../../types/client.js'
import type { JobEvent, Problem } from '../../types/job.js'
import { toError } from './answer.js'
import { createChannel } from './channel.js'
import { isRequestFailedError, NetworkError, RequestFailedError } from './errors.js'
import type { Follower } from './follow.js'
import { isFinal } from './known.js'
import type { Http } from './request.js'
import { startTimer } from './sleep.js'

/** How many jobs are followed by a connection each: browsers allow six to a server. */
const FEW = 4

/** How long a connection may take to open or to answer, in ms; one that lasted longer has worked. */
const PATIENCE = 10_000

/** How long nothing has to come until the server is asked whether it is there, in ms. */
const SILENCE = 20_000

export interface WatchDeps {
  http: Http
  follower: Follower
  /** Undefined where there is no WebSocket, or it could not say what the requests say. */
  socketUrl: string | undefined
}

type SocketMessage = JobEvent | { type: 'error', jobId: string, problem: Problem }

/** The events of many jobs, until all are final. */
export async function * watchJobs ({ http, follower, socketUrl }: WatchDeps, ids: Iterable<string>, { onTransport }: FollowOptions, signal: AbortSignal): AsyncGenerator<WatchEvent, void, void> {
  /** The jobs that are not final, and the id of the last event of each. */
  const open = new Map<string, string | undefined>([...ids].map(id => [id, undefined]))
  // What tells nothing time and again is no way through, and requests may be one. What has told something is given
  // the time that the restart of a server takes.
  let most = 2
  for (let failures = 0; open.size > 0;) {
    signal.throwIfAborted()
    if (socketUrl === undefined) return yield * follow(follower, open, onTransport, signal)
    const begun = Date.now()
    try {
      for await (const message of messagesOf(socketUrl, open, () => { onTransport?.('websocket') }, signal)) {
        const jobId = message.type === 'job' ? message.job.jobId : message.jobId
        if (!open.has(jobId)) continue
        if (message.type === 'error') {
          // The server says no more about one that it cannot read now, until it is asked again.
          if (message.problem.status >= 500) break
          open.delete(jobId)
          yield { type: 'error', jobId, error: toError(message.problem.status, message.problem, jobId, { jobId }) }
        } else {
          failures = 0
          most = 6
          open.set(jobId, message.id)
          if (message.type === 'job' && isFinal(message.job)) open.delete(jobId)
          yield message
        }
        if (open.size === 0) return
      }
    } catch (error) {
      signal.throwIfAborted()
      if (isRequestFailedError(error)) throw error
    }
    if (Date.now() - begun > PATIENCE) failures = 0
    if (++failures > most) socketUrl = undefined
    else await http.pause(failures, { error: new NetworkError(`${socketUrl} was closed`, {}) }, signal)
  }
}

/** What comes over one connection, until it is closed. */
async function * messagesOf (url: string, open: ReadonlyMap<string, string | undefined>, onOpen: () => void, signal: AbortSignal): AsyncGenerator<SocketMessage, void, void> {
  const channel = createChannel<SocketMessage>()
  const socket = new WebSocket(url)
  // Of a connection that broke without a word, nothing else tells: the server's pings are not to be seen here.
  let timer = startTimer(PATIENCE, channel.end)
  const onSign = (): void => {
    clearTimeout(timer)
    timer = startTimer(SILENCE, () => {
      socket.send('{"type":"ping"}')
      timer = startTimer(PATIENCE, channel.end)
    })
  }
  socket.onopen = () => {
    onSign()
    onOpen()
    for (const [jobId, after] of open) socket.send(JSON.stringify({ type: 'subscribe', jobId, after }))
  }
  socket.onmessage = ({ data }) => {
    onSign()
    try {
      channel.push(JSON.parse(data as string) as SocketMessage)
    } catch {
      // Something else answers there: a new connection may tell.
      channel.end()
    }
  }
  socket.onclose = ({ code, reason }) => {
    channel.end(code === 1008 ? new RequestFailedError(`${url} was closed: ${reason}`, 400, {}) : undefined)
  }
  // The close tells.
  socket.onerror = () => {}
  try {
    yield * channel.read(signal)
  } finally {
    clearTimeout(timer)
    socket.close()
  }
}

/** The same by requests, those of all jobs side by side. */
async function * follow (follower: Follower, open: ReadonlyMap<string, string | undefined>, onTransport: FollowOptions['onTransport'], signal: AbortSignal): AsyncGenerator<WatchEvent, void, void> {
  const channel = createChannel<WatchEvent>()
  const stop = new AbortController()
  const each = [...open].map(async ([jobId, after]) => {
    try {
      for await (const event of follower.follow({ jobId, askAt: 0 }, { after, signal: stop.signal, onTransport, withOutput: true, oneOfMany: open.size > FEW })) channel.push(event)
    } catch (error) {
      channel.push({ type: 'error', jobId, error: error as Error })
    }
  })
  void Promise.all(each).then(() => { channel.end() })
  try {
    yield * channel.read(signal)
  } finally {
    stop.abort()
  }
}
