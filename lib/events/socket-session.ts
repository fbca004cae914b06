import type { JobEvent, Problem } from '../../types/job.js'
import { PIECE } from './deliver.js'
import { createOutgoing, type OutgoingSocket } from './outgoing.js'

/** The part of a WebSocket that a session needs. */
export interface SessionSocket extends OutgoingSocket {
  close (code: number, reason: string): void
  ping (): void
  /** Bytes that were sent, and have not left the process. */
  readonly bufferedAmount: number
}

export interface SessionOptions {
  /** The events of a job. @throws if there is no such job */
  events (jobId: string, after: string | undefined, signal: AbortSignal): AsyncIterable<JobEvent>
  /** Whether the client's credentials still hold. Rejects if that cannot be found out: the subscription then fails. */
  authorize (): Promise<boolean>
  /** Makes the problem that the client gets for an error. */
  toProblem (error: unknown): Problem
  /** How many jobs the client may watch at a time. */
  maxSubscriptions: number
}

/** The connection of one client. Each job that the client watches has a stream of its own. */
export interface SocketSession {
  /** Call it with each message; undefined: a binary one. It disconnects a client that breaks the rules. */
  receive (text: string | undefined): void
  /** Call it for each ping of the WebSocket protocol, which the WebSocket has answered. */
  pinged (): void
  /**
   * Sends a ping. If the client has not answered the last one, it disconnects the client. A client that was sent much
   * has more time: it reads that before the ping.
   */
  ping (): void
  /** Call it for each pong of the WebSocket protocol. */
  pong (): void
  /** Call it when the connection is closed. It ends all streams. */
  end (): void
}

/** The client broke a rule, or sent too long a message (RFC 6455, section 7.4.1). */
const POLICY_VIOLATION = 1008
const MESSAGE_TOO_BIG = 1009
/** From the IANA registry of close codes. */
const UNAUTHORIZED = 3000

/** The longest message that a client may send, in UTF-16 code units. */
const MAX_MESSAGE = 4_096

/**
 * How much may wait for a client that goes on sending, in bytes. Each of its messages may cause an answer, and each
 * subscription that it ends may leave events behind. Events of its open subscriptions do not count.
 */
const MAX_UNREAD = 4 * 2 ** 20

/** How many subscriptions may be over and not yet at their end. Each of them has sent a command to the store. */
const MAX_ENDING = 1_000

const FORM = 'Send {"type":"subscribe","jobId":"…","after":"…"}, {"type":"unsubscribe","jobId":"…"} or {"type":"ping"}'

export function createSocketSession (socket: SessionSocket, { events, authorize, toProblem, maxSubscriptions }: SessionOptions): SocketSession {
  const subscriptions = new Map<string, AbortController>()
  /** How many subscriptions there are, including those that are over and not yet at their end. */
  let open = 0
  const outgoing = createOutgoing(socket)
  /** How many pings have no answer yet, and how many bytes had been sent when the last answer came. */
  let unanswered = 0
  let sentBefore = 0

  const subscribe = async (jobId: string, after: string | undefined): Promise<void> => {
    const subscription = new AbortController()
    const { signal } = subscription
    subscriptions.set(jobId, subscription)
    open++
    try {
      // Close the whole connection, not only this subscription: the client's other jobs may not be its own any more.
      if (!await authorize()) return socket.close(UNAUTHORIZED, 'Your credentials hold no more: connect again with others')
      for await (const event of events(jobId, after, signal)) {
        if (signal.aborted) break
        // The stream goes on only when its event has left. So nothing is kept for a client that does not read.
        await outgoing.send(event, signal)
      }
    } catch (error) {
      if (!signal.aborted) await outgoing.send({ type: 'error', jobId, problem: toProblem(error) }, signal)
    } finally {
      open--
      if (subscriptions.get(jobId) === subscription) subscriptions.delete(jobId)
    }
  }

  const unsubscribe = (jobId: string): void => {
    subscriptions.get(jobId)?.abort()
    subscriptions.delete(jobId)
  }

  const floods = (): boolean => socket.bufferedAmount + outgoing.unwanted > MAX_UNREAD || open > maxSubscriptions + MAX_ENDING

  return {
    receive (text) {
      if (floods()) return socket.terminate()
      if (text === undefined) return socket.close(POLICY_VIOLATION, 'Messages are text, not binary')
      if (text.length > MAX_MESSAGE) return socket.close(MESSAGE_TOO_BIG, `A message has at most ${MAX_MESSAGE} characters`)
      const message = parse(text)
      if (message === undefined) return socket.close(POLICY_VIOLATION, FORM)
      // Scripts in browsers cannot see the pings of the protocol, so clients may ask in this way.
      if (message.type === 'ping') {
        void outgoing.send({ type: 'pong' })
        return
      }
      unsubscribe(message.jobId)
      if (message.type === 'unsubscribe') return
      if (subscriptions.size >= maxSubscriptions) return socket.close(POLICY_VIOLATION, `At most ${maxSubscriptions} jobs can be watched at a time`)
      void subscribe(message.jobId, message.after)
    },

    pinged () { if (floods()) socket.terminate() },

    ping () {
      if (unanswered > Math.floor((outgoing.sent - sentBefore) / PIECE)) return socket.terminate()
      unanswered++
      socket.ping()
    },

    pong () {
      unanswered = 0
      sentBefore = outgoing.sent
    },

    end () {
      outgoing.end()
      for (const jobId of [...subscriptions.keys()]) unsubscribe(jobId)
    }
  }
}

type ClientMessage =
  | { type: 'subscribe', jobId: string, after?: string }
  | { type: 'unsubscribe', jobId: string }
  /** Asks for a sign of life. */
  | { type: 'ping' }

function parse (text: string): ClientMessage | undefined {
  try {
    const message: unknown = JSON.parse(text)
    return isClientMessage(message) ? message : undefined
  } catch {
    return undefined
  }
}

function isClientMessage (value: unknown): value is ClientMessage {
  if (typeof value !== 'object' || value === null) return false
  const { type, jobId, after } = value as Record<string, unknown>
  return type === 'ping' || ((type === 'subscribe' || type === 'unsubscribe') && typeof jobId === 'string' && (after === undefined || typeof after === 'string'))
}
