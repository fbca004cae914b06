import type { Job, JobEvent, JobOutput } from '../../types/job.js'
import { readAnswer, type Failure } from './answer.js'
import { isJobNotFoundError, isNetworkError, isRequestFailedError, NetworkError } from './errors.js'
import { isFinal, noteJob, type Known } from './known.js'
import { readMessages } from './messages.js'
import type { Http } from './request.js'
import { startTimer } from './sleep.js'

/** How long the first byte may take, in ms: the server sends one at once, so something in between keeps it back. */
export const FIRST_BYTE = 5_000

/** How long the stream may be silent, in ms: the server sends a comment every 15 s. */
export const SILENCE = 40_000

/** What stands between here and the server does not let this way of following a job through. */
export class UnsuitableError extends NetworkError {}

/** Where a stream of events is, for whoever goes on. */
export interface Position {
  /** Of the last event. */
  id: string | undefined
  /** Of the next chunk of output. */
  index: number
}

/** The events of a job from a position on, over as many connections as it takes. */
export async function * followBySse (http: Http, url: string, known: Known, position: Position, signal: AbortSignal): AsyncGenerator<JobEvent, void, void> {
  for (let failures = 0; ;) {
    const begun = Date.now()
    let failure: Failure = { error: new NetworkError(`GET ${url} broke off`, known) }
    try {
      for await (const event of connect(http, url, known, position.id, signal)) {
        failures = 0
        position.id = event.id
        if (event.type === 'output') {
          // Where the id of the last event does not get through, the server begins anew.
          if (event.index < position.index) continue
          position.index = event.index + 1
        }
        yield event
        if (event.type === 'job' && isFinal(event.job)) return
      }
    } catch (thrown) {
      signal.throwIfAborted()
      if (thrown === ALL_SEEN) break
      failure = toFailure(thrown, known)
    }
    // One that lasted has worked: nothing happened to the job, and proxies limit the time of connections.
    if (Date.now() - begun > FIRST_BYTE) failures = 0
    await http.pause(++failures, failure, signal)
  }
}

/** What the server answers whom there is nothing left to tell. */
const ALL_SEEN = Symbol('all seen')

/** The events of one connection. */
async function * connect (http: Http, url: string, known: Known, after: string | undefined, signal: AbortSignal): AsyncGenerator<JobEvent, void, void> {
  signal.throwIfAborted()
  const connection = new AbortController()
  const abort = (): void => { connection.abort(signal.reason) }
  signal.addEventListener('abort', abort)
  const silent = new UnsuitableError('The answer is kept back', known)
  let timer: ReturnType<typeof startTimer> | undefined
  const limit = (ms: number, reason?: Error): void => {
    clearTimeout(timer)
    timer = startTimer(ms, () => { connection.abort(reason) })
  }
  // The stream of a final job ends by itself: it gets through at the latest then.
  if (known.job !== undefined && isFinal(known.job)) limit(SILENCE)
  else limit(FIRST_BYTE, silent)
  try {
    const response = await http.send({
      method: 'GET', url, known, signal: connection.signal, headers: { accept: 'text/event-stream', ...(after !== undefined && { 'last-event-id': after }) }
    })
    if (response.status === 204) throw ALL_SEEN
    if (!response.ok) throw readAnswer(response, await response.text().catch(() => ''), `GET ${url} answered ${response.status}`, known)
    if (!response.body || !response.headers.get('content-type')?.startsWith('text/event-stream')) throw new UnsuitableError('The answer is no stream', known)
    try {
      for await (const { id, event, data } of readMessages(response.body, () => { limit(SILENCE) })) {
        const told: unknown = JSON.parse(data)
        if (event === 'job') yield { type: 'job', id, job: noteJob(known, told as Job) }
        if (event === 'output') yield { type: 'output', id, ...(told as Omit<JobOutput, 'type' | 'id'>) }
      }
    } catch (cause) {
      throw new NetworkError(`GET ${url} broke off`, { ...known, cause })
    }
  } catch (error) {
    throw connection.signal.reason === silent ? silent : error
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
    connection.abort()
  }
}

/** @throws what another connection would not change */
function toFailure (thrown: unknown, known: Known): Failure {
  if (!isFailure(thrown)) {
    if (thrown instanceof UnsuitableError || !isNetworkError(thrown)) throw thrown
    return { error: thrown }
  }
  const { error } = thrown
  // A 404 that is not of this API: the route is not there. Whether the job is, its status tells.
  if (isRequestFailedError(error) ? [405, 406, 429, 501].includes(error.status) : isJobNotFoundError(error) && !error.problem) throw new UnsuitableError(error.message, known)
  return thrown
}

function isFailure (thrown: unknown): thrown is Failure {
  return 'error' in Object(thrown)
}
