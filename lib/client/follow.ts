import type { FollowOptions, Transport } from '../../types/client.js'
import type { JobEvent } from '../../types/job.js'
import { UnsuitableError } from './errors.js'
import { isFinal, type Known } from './known.js'
import type { Settings } from './options.js'
import { followByPolling, START } from './poll.js'
import { isRepeatable, type About, type Http } from './request.js'
import { followBySse, type Position } from './sse.js'

/** How often a long poll is tried before plain ones are: each may take its time until it fails. */
const LONG_POLLS = 3

/**
 * Follows a job from a position on, until it is final: by the best way, and what falls back keeps its place.
 * @param withOutput whether somebody wants partial output
 * @param after the id of an event. Default: from the first one on
 * @param oneOfMany whether it is one of more jobs than browsers have connections to a server: none may keep one
 */
export type FollowJob =
  (known: Known, signal: AbortSignal, onTransport: FollowOptions['onTransport'], withOutput: boolean, after?: string, oneOfMany?: boolean) => Events

type Way = Exclude<Transport, 'websocket'>
type Events = AsyncGenerator<JobEvent, void, void>

export function createFollower (http: Http, about: About, { transport, fetch, attempts }: Settings): FollowJob {
  return async function * (known, signal, onTransport, withOutput, after, oneOfMany) {
    const { job } = known
    if (!withOutput && job !== undefined && isFinal(job)) return yield { type: 'job', id: START, job }
    const position: Position = { id: after, index: 0 }
    const auto = transport === 'auto'
    const stream = (insist: boolean): Events => followBySse(http, about('events', known, signal), position, insist)
    const by: Record<Way, () => Events> = {
      sse: () => stream(!auto),
      'long-poll': () => followByPolling(http, { ...about('status', known, signal), ...(auto && { attempts: Math.min(attempts, LONG_POLLS) }) }, true, position),
      poll: () => followByPolling(http, about('status', known, signal), false, position)
    }

    const ways: Way[] = !auto ? [transport] : oneOfMany ? ['poll'] : ['sse', 'long-poll', 'poll']
    // React Native answers when all is there. A `fetch` of the caller's own may do better.
    if (ways[1] && !fetch && !('body' in Response.prototype)) ways.shift()
    for (const way of ways) {
      onTransport?.(way)
      try {
        for await (const event of by[way]()) {
          const last = event.type === 'job' && isFinal(event.job)
          if (last && way !== 'sse' && withOutput) {
            // Now that the job is final, its events are a short text, which gets through where a stream does not.
            try {
              for await (const event of stream(true)) if (event.type === 'output') yield event
            } catch (error) {
              // Without that route there is no partial output. Where it has told some, there is more.
              if (!(error instanceof UnsuitableError) || position.id !== undefined) throw error
            }
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
