import type { FollowOptions, WatchEvent } from '../../types/client.js'
import type { JobEvent, Problem } from '../../types/job.js'
import { toError } from './answer.js'
import { createChannel } from './channel.js'
import { isRequestFailedError, NetworkError, RequestFailedError } from './errors.js'
import type { FollowJob } from './follow.js'
import { isFinal } from './known.js'
import type { Http } from './request.js'
import { startTimer } from './sleep.js'

/** Up to how many jobs the client follows with a connection for each. Browsers allow six connections to a server. */
const FEW = 4

/**
 * How long a connection may take to open or to answer a ping, in ms. A connection that was open for longer has worked.
 */
const PATIENCE = 10_000

/** After how much silence the client pings the server, in ms. */
const SILENCE = 20_000

/** The server sent no message, and did not answer the ping. */
const MUTE = 0

type SocketMessage = typeof MUTE | RequestFailedError | JobEvent | { type: 'error', jobId: string, problem: Problem }

/**
 * Yields the events of many jobs, until all are final.
 * @param socketUrl undefined: follow the jobs by requests
 */
export async function * watchJobs (
  http: Http, followJob: FollowJob, socketUrl: string | undefined, ids: Iterable<string>, onTransport: FollowOptions['onTransport'], signal: AbortSignal
): AsyncGenerator<WatchEvent, void, void> {
  /** The jobs that are not final, and the id of the last event of each. */
  const open = new Map<string, string | undefined>([...ids].map(id => [id, undefined]))
  // How many failures in a row are allowed before the client uses requests instead: none if no WebSocket has opened, 2
  // if one has. If one has sent a message, it is 6, which covers the restart of a server.
  let most = 0
  for (let failures = 0; open.size > 0;) {
    signal.throwIfAborted()
    if (socketUrl === undefined) return yield * follow(followJob, open, onTransport, signal)
    let opened = Infinity
    const onOpen = (): void => {
      opened = Date.now()
      most ||= 2
      onTransport?.('websocket')
    }
    try {
      for await (const message of messagesOf(socketUrl, open, onOpen, signal)) {
        if (message === MUTE) {
          // Maybe one long message is on its way, and a new connection would be too slow for it as well. So count this
          // failure threefold.
          failures += 2
          opened = Infinity
          break
        }
        if (message instanceof RequestFailedError) throw message
        const { jobId } = message.type === 'job' ? message.job : message
        if (!open.has(jobId)) continue
        if (message.type === 'error') {
          // The server cannot read the job now, and has ended the subscription. Reconnect to subscribe again.
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
    if (Date.now() - opened > PATIENCE) failures = 0
    if (++failures > most) socketUrl = undefined
    else await http.pause(failures, new NetworkError(`${socketUrl} was closed`), signal)
  }
}

/** Yields the messages of one connection, until it is closed. */
async function * messagesOf (url: string, open: ReadonlyMap<string, string | undefined>, onOpen: () => void, signal: AbortSignal): AsyncGenerator<SocketMessage, void, void> {
  const channel = createChannel<SocketMessage>()
  const socket = new WebSocket(url)
  // A silent disconnect raises no event, so a timer detects it. Browsers do not show the server's pings to scripts.
  let timer = startTimer(PATIENCE, channel.end)
  const onSign = (): void => {
    clearTimeout(timer)
    timer = startTimer(SILENCE, () => {
      socket.send('{"type":"ping"}')
      timer = startTimer(PATIENCE, () => { channel.push(MUTE) })
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
      // The message is not JSON, so something else answers. End this connection: the next one may reach the server.
      channel.end()
    }
  }
  socket.onclose = ({ code, reason }) => {
    if (code === 1008) channel.push(new RequestFailedError(`${url} was closed: ${reason}`, { status: 400 }))
    channel.end()
  }
  // If a handshake is refused, Node 22 raises only this event, and no close event.
  socket.onerror = channel.end
  try {
    yield * channel.read(signal)
  } finally {
    clearTimeout(timer)
    socket.close()
  }
}

/** Yields the events of many jobs by requests, for all jobs at the same time. */
async function * follow (followJob: FollowJob, open: ReadonlyMap<string, string | undefined>, onTransport: FollowOptions['onTransport'], signal: AbortSignal): AsyncGenerator<WatchEvent, void, void> {
  const channel = createChannel<WatchEvent>()
  const stop = new AbortController()
  const each = [...open].map(async ([jobId, after]) => {
    try {
      for await (const event of followJob({ jobId, askAt: 0 }, stop.signal, onTransport, true, after, open.size > FEW)) channel.push(event)
    } catch (error) {
      channel.push({ type: 'error', jobId, error: error as Error })
    }
  })
  void Promise.all(each).then(channel.end)
  try {
    yield * channel.read(signal)
  } finally {
    stop.abort()
  }
}
