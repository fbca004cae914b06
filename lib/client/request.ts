import { readAnswer, type Answer } from './answer.js'
import { isNetworkError, isRequestFailedError, NetworkError, RequestFailedError, type JobsClientError } from './errors.js'
import type { Known } from './known.js'
import type { Settings } from './options.js'
import { sleep } from './sleep.js'
import { within } from './within.js'

/** Sends requests, and repeats them. */
export interface Http {
  /** Sends a request, repeats it if necessary, and returns its answer. */
  request (exchange: Exchange): Promise<Answer>
  /**
   * Sends a request once.
   * @throws `NetworkError`, `RequestFailedError` for a redirect that the client does not follow, or what the caller's
   * `headers` throws
   */
  send (exchange: Exchange): Promise<Response>
  /**
   * Waits before the next repetition.
   * @param failures how often the request has failed, from 1
   * @throws `error` if it has failed often enough, or if a repetition would not help
   */
  pause (failures: number, error: unknown, signal: AbortSignal, attempts?: number): Promise<void>
}

/** A request. */
export interface Exchange {
  method: 'GET' | 'POST'
  url: string
  /** JSON. */
  body?: string
  headers?: Record<string, string>
  /** What is known of the job that the request is about. Without an id, the request is a submission. */
  known: Known
  signal: AbortSignal
  /** How long the request may take before it counts as a network error, in ms. Default: the limit of the platform. */
  timeout?: number
  /** How often the request is sent at most. Default: `attempts` of the client's options. */
  attempts?: number
}

/** Makes the request to one of a job's routes. */
export type About = (route: string, known: Known, signal: AbortSignal) => Exchange & { timeout: number }

/** How many redirects of one request the client follows. */
const REDIRECTS = 5

export function createHttp (settings: Settings): Http {
  const { headers, attempts: most, minDelay, maxDelay, followRedirects } = settings
  const send = async (exchange: Exchange, redirects = REDIRECTS, how: RequestInit = { redirect: followRedirects ? 'follow' : 'manual' }): Promise<Response> => {
    const { method, url, body, known, signal } = exchange
    // Outside of the catch below: an error of the caller's own function reaches the caller unchanged.
    const all = new Headers(typeof headers === 'function' ? await headers() : headers)
    for (const [name, value] of Object.entries({ accept: 'application/json', ...exchange.headers })) all.set(name, value)
    // Look `fetch` up for each request, because tests replace it. Call it as a plain function, because browsers refuse
    // to run it as a method of another object.
    const answering = async (): Promise<Response> => (settings.fetch ?? fetch)(url, { method, headers: all, body, signal, ...how })
    const response = await answering().catch((cause: unknown) => { throw lost(exchange, cause) })
    const { ok, status } = response
    const here = response.url || url
    const location = response.headers.get('location')
    if (ok || status > 399 || (status > 0 && location === null)) return response
    const { origin } = new URL(here)
    // Browsers hide the target of a redirect (status 0). But with `same-origin`, they follow redirects within the
    // origin of the page, and no others.
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
    // Beyond `retryAfter`, the whole wait is random (full jitter), so that clients that failed at the same time do not
    // all come back at the same time. A repeatable error is one of the client's own, so the cast holds.
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

/**
 * Makes the error of a request without a whole answer.
 * @param how ends the message, if there is more to say
 */
export function lost ({ method, url, known }: Exchange, cause?: unknown, how = '', Kind = NetworkError): NetworkError {
  return new Kind(`${method} ${url} got no whole answer${how}`, { ...known, cause })
}

/**
 * Whether a request may succeed if it is sent again. A submission may be repeated as well, because its key makes the
 * server store the job once. A 500 is repeated only if it is no problem of this API: then it comes from a proxy, which
 * may recover.
 */
export function isRepeatable (error: unknown): boolean {
  return isNetworkError(error) || (isRequestFailedError(error) && !(error.status === 500 && error.problem) && /4(08|2[59])|50[0234]|52[0-6]|530/.test(`${error.status}`))
}

/**
 * Whether a body can be read while it arrives. Not all implementations of `fetch` allow that, and some have another
 * interface for it.
 */
export function isStream (body: unknown): body is ReadableStream<Uint8Array> {
  return 'getReader' in Object(body)
}
