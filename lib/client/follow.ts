import type { JobsClientOptions, Transport } from '../../types/client.js'
import type { JobEvent } from '../../types/job.js'
import { isFinal, learn, type Known } from './known.js'
import { followByPolling, START } from './poll.js'
import { createHttp, isRepeatable, type Http } from './request.js'
import { followBySse, UnsuitableError, type Position } from './sse.js'

/** How long one long poll asks the server to wait, in seconds: less than most proxies allow. */
const WAIT = 20

/** How often a long poll is tried before plain ones are: each may take its time until it fails. */
const LONG_POLLS = 3

/** What follows jobs. */
export interface Follower {
  /** The job's events from a position on, until it is final: by the best way, and what falls back keeps its place. */
  follow (known: Known, options: FollowerOptions): Events
}

export interface FollowerOptions {
  after: string | undefined
  signal: AbortSignal
  onTransport: ((transport: Transport) => void) | undefined
  /** Whether somebody wants partial output. */
  withOutput: boolean
  /** Whether it is one of more jobs than browsers have connections to a server: none may keep one. */
  oneOfMany?: boolean
}

type Way = Exclude<Transport, 'websocket'>
type Events = AsyncGenerator<JobEvent, void, void>

export function createFollower (http: Http, urlOf: (route: string, known: Known) => string, options: JobsClientOptions): Follower {
  const { transport = 'auto', retry } = options
  const { statusTimeout = 30_000, attempts = LONG_POLLS } = retry ?? {}
  const hasty = createHttp({ ...options, retry: { ...retry, attempts: Math.min(attempts, LONG_POLLS) } })

  return {
    async * follow (known, { after, signal, onTransport, withOutput, oneOfMany }) {
      const { job } = known
      if (!withOutput && job !== undefined && isFinal(job)) return yield { type: 'job', id: START, job }
      const position: Position = { id: after, index: 0 }

      const poll = (http: Http, url: string, wait: number): Events => followByPolling(known, position, async () => {
        const asked = Date.now()
        const job = learn(known, await http.request({ method: 'GET', url, known, signal, timeout: statusTimeout + wait * 1_000 }))
        // What the server waited is time that has passed.
        if (wait > 0) known.askAt -= Date.now() - asked
        return job
      }, signal)

      const by: Record<Way, () => Events> = {
        sse: () => followBySse(http, urlOf('events', known), known, position, signal),
        'long-poll' () {
          // The server is to wait, not the client.
          known.askAt = 0
          return poll(transport === 'auto' ? hasty : http, `${urlOf('status', known)}?wait=${WAIT}`, WAIT)
        },
        poll: () => poll(http, urlOf('status', known), 0)
      }

      /** Once the job is final, its events are a short text, which gets through where a stream does not. */
      const rest = async function * (): Events {
        try {
          for await (const event of by.sse()) if (event.type === 'output') yield event
        } catch (error) {
          // Without that route there is no partial output.
          if (!(error instanceof UnsuitableError)) throw error
        }
      }

      const ways: Way[] = transport !== 'auto' ? [transport] : oneOfMany ? ['poll'] : ['sse', 'long-poll', 'poll']
      for (const way of ways) {
        onTransport?.(way)
        try {
          for await (const event of by[way]()) {
            const last = event.type === 'job' && isFinal(event.job)
            if (last && way !== 'sse' && withOutput) {
              yield * rest()
              event.id = position.id ?? START
            }
            yield event
            if (last) break
          }
          break
        } catch (error) {
          // What keeps this way from the server may let another one through.
          if (way === ways.at(-1) || !isRepeatable(error)) throw error
        }
      }
    }
  }
}
