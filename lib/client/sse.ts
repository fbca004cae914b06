import type { JobEvent, JobOutput } from '../../types/job.js'
import { readAnswer } from './answer.js'
import { NetworkError, UnsuitableError, type JobsClientError } from './errors.js'
import { isFinal, learn } from './known.js'
import { piecesOf, readMessages } from './messages.js'
import { isStream, lost, type Exchange, type Http } from './request.js'
import { onAbort, startTimer } from './sleep.js'

/**
 * How long the first byte may take, in ms. The server sends it at once, so after that time a proxy holds it back.
 */
export const FIRST_BYTE = 5_000

/** How long the stream may be silent, in ms. The server sends a comment every 15 s. */
export const SILENCE = 40_000

/** The position in a stream of events. Transports share it, so that a fallback goes on where the last one stopped. */
export interface Position {
  /** The id of the last event. */
  id: string | undefined
  /** The index of the next chunk of output. */
  index: number
}

/**
 * Yields the events of a job from a position on. Reconnects as often as necessary.
 * @param insist whether no other transport is left. Then a client with too many connections waits until one more is
 * allowed
 * @throws `UnsuitableError` if another transport may get through
 */
export async function * followBySse (http: Http, look: Exchange, position: Position, insist: boolean): AsyncGenerator<JobEvent, void, void> {
  const { url, known, signal } = look
  let failures = 0
  const goTo = (id: string): void => {
    // Only a new event shows that this connection gets further than the last one.
    if (id !== position.id) failures = 0
    position.id = id
  }
  for (;;) {
    signal.throwIfAborted()
    const begun = Date.now()
    const connection = new AbortController()
    const stop = onAbort(signal, () => { connection.abort(signal.reason) })
    let timer: ReturnType<typeof startTimer> | undefined
    const limit = (ms: number, Reason = NetworkError): void => {
      clearTimeout(timer)
      timer = startTimer(ms, () => { connection.abort(lost(look, undefined, '', Reason)) })
    }
    // The stream of a final job ends by itself. A proxy that holds it back delivers it then, so allow it more time.
    const final = known.job !== undefined && isFinal(known.job)
    if (final) limit(SILENCE)
    else limit(FIRST_BYTE, UnsuitableError)
    let response: Response | undefined
    let failure: unknown
    try {
      response = await http.send({
        ...look, signal: connection.signal, headers: { accept: 'text/event-stream', ...(position.id !== undefined && { 'last-event-id': position.id }) }
      })
      const { ok, status, headers, body } = response
      // 204: the client has all events of a final job.
      if (status === 204) return
      if (!ok) readAnswer(response, await response.text().catch(() => ''), `GET ${url} answered ${status}`, known)
      const streams = isStream(body)
      if (!(streams || final) || !headers.get('content-type')?.startsWith('text/event-stream')) throw new UnsuitableError('The answer is no stream', known)
      for await (const { id = '', event, data = 'null' } of readMessages(streams ? piecesOf(body, () => { limit(SILENCE) }) : [await response.text()], known)) {
        // For an event `job` it is a Job, which learn() checks.
        const told = JSON.parse(data) as JobOutput
        if (event === 'job') {
          const job = learn(known, { status, body: told })
          goTo(id)
          yield { type: event, id, job }
          if (isFinal(job)) return
        } else if (event === 'output' && told.index >= position.index) {
          // The index filters chunks that the client has already: if `Last-Event-ID` does not get through, the server
          // sends all chunks again.
          position.index = told.index + 1
          goTo(id)
          yield { ...told, type: event, id }
        }
      }
    } catch (thrown) {
      signal.throwIfAborted()
      failure = connection.signal.aborted ? connection.signal.reason : thrown
      if (failure instanceof UnsuitableError) throw failure
      const { status, problem, body, message } = Object(failure) as JobsClientError
      // If such an answer is no problem of this API, a proxy does not have the route. The other transports find out
      // whether there is a job.
      if ((!problem && [404, 405, 406, 410, 501].includes(status as number)) ||
        // Too many connections: polling needs none that lasts.
        (!insist && (Object(body) as { code?: unknown }).code === 'TOO_MANY_CONNECTIONS')) throw new UnsuitableError(message, known)
    } finally {
      clearTimeout(timer)
      stop()
      connection.abort()
    }
    // An error within a stream may come from a proxy, even a malformed event. So it is a network error, and the client
    // reconnects.
    if (response?.ok) failure = lost(look, failure)
    // A connection that lasted has worked, even without an event: maybe nothing happened to the job, and a proxy limits
    // the time of connections.
    if (Date.now() - begun > FIRST_BYTE) failures = 0
    await http.pause(++failures, failure, signal)
  }
}
