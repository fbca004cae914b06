import type { FollowOptions, Transport } from '../../types/client.js'
import type { JobEvent } from '../../types/job.js'
import { UnsuitableError } from './errors.js'
import { isFinal, type Known } from './known.js'
import type { Settings } from './options.js'
import { followByPolling, START } from './poll.js'
import { isRepeatable, type About, type Http } from './request.js'
import { followBySse, type Position } from './sse.js'

/**
 * How often a long poll is tried before the client polls instead. The number is small, because each try may take long
 * until it fails.
 */
const LONG_POLLS = 3

/**
 * Follows a job until it is final, by the best transport. A fallback to another transport goes on at the same position.
 * @param withOutput whether the caller wants partial output
 * @param after the id of an event, to follow the job from there. Default: from the first event on
 * @param oneOfMany whether the client follows more jobs than browsers have connections to a server. Then no job may
 * keep a connection
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
    // The `fetch` of React Native has no body streams: it answers only when the whole body is there. So SSE is left
    // out, unless the caller passed a `fetch` that may have them.
    if (ways[1] && !fetch && !('body' in Response.prototype)) ways.shift()
    for (const way of ways) {
      onTransport?.(way)
      try {
        for await (const event of by[way]()) {
          const last = event.type === 'job' && isFinal(event.job)
          if (last && way !== 'sse' && withOutput) {
            // Polling yields no output, so fetch it now. The job is final, so the stream ends by itself and is a short
            // text, which gets through even if a lasting stream does not.
            try {
              for await (const event of stream(true)) if (event.type === 'output') yield event
            } catch (error) {
              // If the route of events cannot be reached, go on without partial output. But if it has sent some output
              // before, the rest must not be missing.
              if (!(error instanceof UnsuitableError) || position.id !== undefined) throw error
            }
            event.id = position.id ?? START
          }
          yield event
          if (last) break
        }
        break
      } catch (error) {
        // If a proxy may have caused the error, the next transport may get through.
        if (way === ways.at(-1) || !isRepeatable(error)) throw error
      }
    }
  }
}
