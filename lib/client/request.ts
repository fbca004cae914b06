import { readAnswer, type Answer } from './answer.js'
import { isNetworkError, isRequestFailedError, NetworkError, RequestFailedError, type JobsClientError } from './errors.js'
import type { Known } from './known.js'
import type { Settings } from './options.js'
import { sleep } from './sleep.js'
import { within } from './within.js'

/** How requests are sent. */
export interface Http {
  /** One request and its answer, however often it has to be sent for that. */
  request (exchange: Exchange): Promise<Answer>
  /** One request, sent once. @throws `NetworkError`, or what the caller's own functions throw */
  send (exchange: Exchange): Promise<Response>
  /** Waits before the next repetition, the first after one failure. @throws `error` where there were enough, or none would help */
  pause (failures: number, error: unknown, signal: AbortSignal, attempts?: number): Promise<void>
}

export interface Exchange {
  method: 'GET' | 'POST'
  url: string
  /** JSON. */
  body?: string
  headers?: Record<string, string>
  /** The job that it is about; one without an id is about to be submitted. */
  known: Known
  signal: AbortSignal
  /** How long until it counts as unanswered, in ms. Default: as the platform decides. */
  timeout?: number
  /** How often it is sent at most. Default: as the options say. */
  attempts?: number
}

/** A question about a job, by its route. */
export type About = (route: string, known: Known, signal: AbortSignal) => Exchange & { timeout: number }

/** How often one request is redirected at most. */
const REDIRECTS = 5

export function createHttp (settings: Settings): Http {
  const { headers, attempts: most, minDelay, maxDelay, followRedirects } = settings
  const send = async (exchange: Exchange, redirects = REDIRECTS, how: RequestInit = { redirect: followRedirects ? 'follow' : 'manual' }): Promise<Response> => {
    const { method, url, body, known, signal } = exchange
    // What the caller's own function throws is none of the errors here.
    const all = new Headers(typeof headers === 'function' ? await headers() : headers)
    for (const [name, value] of Object.entries({ accept: 'application/json', ...exchange.headers })) all.set(name, value)
    // Looked up late and called without its object: browsers insist on that, and tests replace it.
    const answering = async (): Promise<Response> => (settings.fetch ?? fetch)(url, { method, headers: all, body, signal, ...how })
    const response = await answering().catch((cause: unknown) => { throw lost(exchange, cause) })
    const { ok, status } = response
    const here = response.url || url
    const location = response.headers.get('location')
    if (ok || status > 399 || (status > 0 && location === null)) return response
    const { origin } = new URL(here)
    // Browsers do not tell where to, but can stay within the origin of the page.
    if (status === 0 && origin === (globalThis as { location?: { origin: string } }).location?.origin) return send(exchange, 0, { mode: 'same-origin' })
    const target = new URL(`${location}`, here)
    if (status > 0 && redirects > 0 && target.origin === origin) return send({ ...exchange, url: target.href }, redirects - 1)
    throw new RequestFailedError(`${method} ${url} is redirected to ${location}, see followRedirects`, { ...known, status })
  }

  const sendAndRead = async (exchange: Exchange): Promise<Answer> => {
    const { method, url, known, signal, timeout } = exchange
    return within(signal, async signal => {
      const response = await send({ ...exchange, signal })
      const text = await response.text().catch((cause: unknown) => { throw lost(exchange, cause) })
      return readAnswer(response, text, `${method} ${url} answered ${response.status}`, known)
    }, timeout, () => lost(exchange, undefined, ` within ${timeout} ms`))
  }

  const pause: Http['pause'] = async (failures, error, signal, attempts = most) => {
    signal.throwIfAborted()
    if (failures >= attempts || !isRepeatable(error)) throw error
    // Random all the way (full jitter), so that clients that failed together do not return together.
    await sleep(((error as JobsClientError).retryAfter ?? 0) + Math.random() * Math.min(maxDelay, minDelay * 2 ** (failures - 1)), signal)
  }

  return {
    send,
    pause,
    async request (exchange) {
      let failures = 0
      for (;;) {
        let error: unknown
        try {
          return await sendAndRead(exchange)
        } catch (thrown) {
          error = thrown
        }
        await pause(++failures, error, exchange.signal, exchange.attempts)
      }
    }
  }
}

/** @param how `''`, or how it was not answered */
export function lost ({ method, url, known }: Exchange, cause?: unknown, how = '', Kind = NetworkError): NetworkError {
  return new Kind(`${method} ${url} got no whole answer${how}`, { ...known, cause })
}

/**
 * A submission too may be repeated: its key makes the server take it once. What is no problem of this API comes from
 * something in between, and passes.
 */
export function isRepeatable (error: unknown): boolean {
  return isNetworkError(error) || (isRequestFailedError(error) && !(error.status === 500 && error.problem) && /4(08|2[59])|50[0234]|52[0-6]|530/.test(`${error.status}`))
}

/** Not all implementations of `fetch` have bodies that can be read while they come, or not by the same means. */
export function isStream (body: unknown): body is ReadableStream<Uint8Array> {
  return 'getReader' in Object(body)
}
