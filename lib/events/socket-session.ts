import type { JobEvent, Problem } from '../../types/job.js'
import { PIECE } from './deliver.js'
import { createOutgoing, type OutgoingSocket } from './outgoing.js'

/** What a session needs of a WebSocket. */
export interface SessionSocket extends OutgoingSocket {
  close (code: number, reason: string): void
  ping (): void
  /** Bytes that were sent, and have not left the process. */
  readonly bufferedAmount: number
}

export interface SessionOptions {
  /** The events of a job. @throws where there is no such job */
  events (jobId: string, after: string | undefined, signal: AbortSignal): AsyncIterable<JobEvent>
  /** Whether the client still is who it was. Rejects where that cannot be told: the subscription then fails. */
  authorize (): Promise<boolean>
  /** What the client is told of an error. */
  toProblem (error: unknown): Problem
  maxSubscriptions: number
}

/** One client's connection: the jobs that it watches, each with a stream of its own. */
export interface SocketSession {
  /** A message has arrived; undefined: a binary one. Whoever breaks the rules is disconnected. */
  receive (text: string | undefined): void
  /** A ping of the protocol has arrived, and is answered. */
  pinged (): void
  /**
   * Asks whether the client is still there. One that has not answered the last time is not, unless it was sent much:
   * that it reads first.
   */
  ping (): void
  pong (): void
  /** The connection is closed. */
  end (): void
}

/** The sender broke a rule (RFC 6455, section 7.4.1). */
const POLICY_VIOLATION = 1008
const MESSAGE_TOO_BIG = 1009
/** From the IANA registry of close codes. */
const UNAUTHORIZED = 3000

/** The longest message that a client may send, in UTF-16 code units. */
const MAX_MESSAGE = 4_096

/**
 * How much may wait for a client that goes on sending, in bytes. Each message may be answered, and each subscription
 * that it ends may leave something behind. What it still waits for does not count.
 */
const MAX_UNREAD = 4 * 2 ** 20

/** How many subscriptions that are over may still be coming to their end: each has the store asked once. */
const MAX_ENDING = 1_000

const FORM = 'Send {"type":"subscribe","jobId":"…","after":"…"}, {"type":"unsubscribe","jobId":"…"} or {"type":"ping"}'

export function createSocketSession (socket: SessionSocket, { events, authorize, toProblem, maxSubscriptions }: SessionOptions): SocketSession {
  const subscriptions = new Map<string, AbortController>()
  /** Subscriptions, with those that are over and have not come to their end. */
  let open = 0
  const outgoing = createOutgoing(socket)
  /** Pings that have no answer yet, and what had been sent when the last answer came. */
  let unanswered = 0
  let sentBefore = 0

  const subscribe = async (jobId: string, after: string | undefined): Promise<void> => {
    const subscription = new AbortController()
    const { signal } = subscription
    subscriptions.set(jobId, subscription)
    open++
    try {
      // With all that it watches: it would be told of jobs that may not be its own any more.
      if (!await authorize()) return socket.close(UNAUTHORIZED, 'Your credentials hold no more: connect again with others')
      for await (const event of events(jobId, after, signal)) {
        if (signal.aborted) break
        // A stream goes on only when its event has left: for a client that does not read, nothing is kept.
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
      // Browsers do not show the pings of the protocol to their scripts.
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
