import type { JobsClientOptions } from '../../types/client.js'
import { readAnswer, type Answer, type Failure } from './answer.js'
import { isNetworkError, isRequestFailedError, NetworkError } from './errors.js'
import type { Known } from './known.js'
import { sleep } from './sleep.js'
import { within } from './within.js'

/** How requests are sent. */
export interface Http {
  /** One request and its answer, however often it has to be sent for that. */
  request (exchange: Exchange): Promise<Answer>
  /** One request, sent once. @throws `NetworkError`, or what the caller's own functions throw */
  send (exchange: Exchange): Promise<Response>
  /** Waits before the next repetition, the first after one failure. @throws `error` where there were enough */
  pause (failures: number, failure: Failure, signal: AbortSignal): Promise<void>
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
}

export function createHttp (options: JobsClientOptions): Http {
  const { headers = {}, retry: { attempts = 8, minDelay = 500, maxDelay = 10_000 } = {} } = options

  const send = async ({ method, url, body, headers: own, known, signal }: Exchange): Promise<Response> => {
    // What the caller's own function throws is none of the errors here.
    const all = new Headers(typeof headers === 'function' ? await headers() : headers)
    for (const [name, value] of Object.entries({ accept: 'application/json', ...(body !== undefined && { 'content-type': 'application/json' }), ...own })) all.set(name, value)
    try {
      // Looked up late and called without its object: browsers insist on that, and tests replace it.
      return await (options.fetch ?? fetch)(url, { method, headers: all, body, signal })
    } catch (cause) {
      throw lost({ method, url, known }, cause)
    }
  }

  const sendAndRead = async (exchange: Exchange): Promise<Answer | Failure> => {
    const { method, url, known, signal, timeout } = exchange
    const timedOut = (): Error => new NetworkError(`${method} ${url} was not answered within ${timeout} ms`, known)
    try {
      return await within({ signal, timeout, timedOut }, async signal => {
        const response = await send({ ...exchange, signal })
        const text = await response.text().catch((cause: unknown) => { throw lost(exchange, cause) })
        return readAnswer(response, text, `${method} ${url} answered ${response.status}`, known)
      })
    } catch (error) {
      if (signal.aborted || !isNetworkError(error)) throw error
      return { error }
    }
  }

  const pause: Http['pause'] = async (failures, { error, retryAfter = 0 }, signal) => {
    if (failures >= attempts || !isRepeatable(error)) throw error
    // Random all the way (full jitter), so that clients that failed together do not return together.
    await sleep(retryAfter + Math.random() * Math.min(maxDelay, minDelay * 2 ** (failures - 1)), signal)
  }

  return {
    send,
    pause,
    async request (exchange) {
      let outcome = await sendAndRead(exchange)
      for (let failures = 1; 'error' in outcome; failures++) {
        await pause(failures, outcome, exchange.signal)
        outcome = await sendAndRead(exchange)
      }
      return outcome
    }
  }
}

function lost ({ method, url, known }: Pick<Exchange, 'method' | 'url' | 'known'>, cause: unknown): NetworkError {
  return new NetworkError(`${method} ${url} got no answer`, { ...known, cause })
}

/** A submission too may be repeated: its key makes the server take it once. */
export function isRepeatable (error: unknown): boolean {
  return isNetworkError(error) || (isRequestFailedError(error) && [429, 502, 503, 504].includes(error.status))
}
