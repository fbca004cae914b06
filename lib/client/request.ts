import type { JobsClientOptions } from '../../types/client.js'
import { readAnswer, type Answer, type Failure } from './answer.js'
import { isNetworkError, isRequestFailedError, NetworkError, type AnyJobsClientError } from './errors.js'
import type { Known } from './known.js'
import { sleep } from './sleep.js'
import { within } from './within.js'

/** One request and its answer, however often it has to be sent for that. */
export type Request = (exchange: Exchange) => Promise<Answer>

export interface Exchange {
  method: 'GET' | 'POST'
  url: string
  /** JSON. */
  body?: string
  /** The job that it is about; one without an id is about to be submitted. */
  known: Known
  signal: AbortSignal
  /** How long until it counts as unanswered, in ms. Default: as the platform decides. */
  timeout?: number
}

export function createRequest (options: JobsClientOptions): Request {
  const { headers = {}, retry: { attempts = 8, minDelay = 500, maxDelay = 10_000 } = {} } = options

  const send = async ({ method, url, body, known, signal, timeout }: Exchange): Promise<Answer | Failure> => {
    // What the caller's own function throws is none of the errors here.
    const all = new Headers(typeof headers === 'function' ? await headers() : headers)
    all.set('accept', 'application/json')
    if (body !== undefined) all.set('content-type', 'application/json')
    const lost = (what: string, cause?: { cause: unknown }): NetworkError => new NetworkError(`${method} ${url} ${what}`, { ...known, ...cause })
    try {
      return await within({ signal, timeout, timedOut: () => lost(`was not answered within ${timeout} ms`) }, async signal => {
        // Looked up late and called without its object: browsers insist on that, and tests replace it.
        const response = await (options.fetch ?? fetch)(url, { method, headers: all, body, signal })
        return readAnswer(response, await response.text(), `${method} ${url} answered ${response.status}`, known)
      })
    } catch (cause) {
      signal.throwIfAborted()
      return { error: isNetworkError(cause) ? cause : lost('got no answer', { cause }), retryAfter: 0 }
    }
  }

  return async exchange => {
    let outcome = await send(exchange)
    for (let sent = 1; 'error' in outcome; sent++) {
      const { error, retryAfter } = outcome
      if (sent >= attempts || !isRepeatable(error, exchange.known)) throw error
      // Random all the way (full jitter), so that clients that failed together do not return together.
      await sleep(retryAfter + Math.random() * Math.min(maxDelay, minDelay * 2 ** (sent - 1)), exchange.signal)
      outcome = await send(exchange)
    }
    return outcome
  }
}

/**
 * Asking about a job may be repeated. A submission may be only where nothing can have been stored,
 * or the work is done twice. That is not so after a network error or an answer of some proxy, nor
 * after STORE_UNAVAILABLE, which also says that the store did not confirm in time what it may have got.
 */
function isRepeatable (error: AnyJobsClientError, { jobId }: Known): boolean {
  if (!isRequestFailedError(error)) return jobId !== undefined && isNetworkError(error)
  if (jobId === undefined) return error.status === 429 || error.problem?.code === 'QUEUE_FULL'
  return [429, 502, 503, 504].includes(error.status)
}
