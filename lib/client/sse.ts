import type { JobEvent, JobOutput } from '../../types/job.js'
import { readAnswer } from './answer.js'
import { NetworkError, UnsuitableError, type JobsClientError } from './errors.js'
import { isFinal, learn } from './known.js'
import { piecesOf, readMessages } from './messages.js'
import { isStream, lost, type Exchange, type Http } from './request.js'
import { onAbort, startTimer } from './sleep.js'

/** How long the first byte may take, in ms: the server sends one at once, so something in between keeps it back. */
export const FIRST_BYTE = 5_000

/** How long the stream may be silent, in ms: the server sends a comment every 15 s. */
export const SILENCE = 40_000

/** Where a stream of events is, for whoever goes on. */
export interface Position {
  /** Of the last event. */
  id: string | undefined
  /** Of the next chunk of output. */
  index: number
}

/**
 * The events of a job from a position on, over as many connections as it takes.
 * @param insist whether there is no other way to them: then it waits until one more connection is allowed
 * @throws `UnsuitableError` where another way may get through
 */
export async function * followBySse (http: Http, look: Exchange, position: Position, insist: boolean): AsyncGenerator<JobEvent, void, void> {
  const { url, known, signal } = look
  let failures = 0
  const goTo = (id: string): void => {
    // What was told before is no sign that this connection gets any further than the last one.
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
    // The stream of a final job ends by itself: it gets through at the latest then.
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
      // There is nothing left to tell.
      if (status === 204) return
      if (!ok) readAnswer(response, await response.text().catch(() => ''), `GET ${url} answered ${status}`, known)
      const streams = isStream(body)
      if (!(streams || final) || !headers.get('content-type')?.startsWith('text/event-stream')) throw new UnsuitableError('The answer is no stream', known)
      for await (const { id = '', event, data = 'null' } of readMessages(streams ? piecesOf(body, () => { limit(SILENCE) }) : [await response.text()], known)) {
        const told = JSON.parse(data) as JobOutput
        if (event === 'job') {
          const job = learn(known, { status, body: told })
          goTo(id)
          yield { type: event, id, job }
          if (isFinal(job)) return
        } else if (event === 'output' && told.index >= position.index) {
          // Where the id of the last event does not get through, the server begins anew.
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
      // A 404 that is not of this API says that there is no such route: whether there is a job, its status tells.
      if ((!problem && [404, 405, 406, 410, 501].includes(status as number)) ||
        // Requests need no connection that lasts.
        (!insist && (Object(body) as { code?: unknown }).code === 'TOO_MANY_CONNECTIONS')) throw new UnsuitableError(message, known)
    } finally {
      clearTimeout(timer)
      stop()
      connection.abort()
    }
    // Whatever a stream ends with, be it no event, may have befallen it on its way.
    if (response?.ok) failure = lost(look, failure)
    // One that lasted has worked: nothing happened to the job, and proxies limit the time of connections.
    if (Date.now() - begun > FIRST_BYTE) failures = 0
    await http.pause(++failures, failure, signal)
  }
}
