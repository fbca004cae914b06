import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Wait } from '../events/until-final.js'
import { goneSignal } from './closed.js'

/** The wait for which a request asks: the answer comes when the job is final, or when the time is over. */
export interface RequestedWait extends Wait {
  /** `Preference-Applied`, if the wait comes from `Prefer` (RFC 7240, section 3). */
  headers: Record<string, string>
}

export interface WaitRequest {
  Querystring: { wait?: number }
}

/** Turns the `wait` of a query into a number, as its schema says. An app's validator may not convert types. */
export function readWait (request: FastifyRequest, _reply: FastifyReply, done: () => void): void {
  const query = request.query as { wait?: unknown }
  if (typeof query.wait === 'string' && /^-?\d+$/.test(query.wait)) query.wait = Number(query.wait)
  done()
}

/**
 * Reads how long a request wants to wait: `?wait=N`, or else `Prefer: wait=N` (RFC 7240, section 4.3). The wait ends
 * early when the client hangs up or the service closes.
 * @param maxWait upper bound of the wait, in seconds
 * @returns undefined if the request does not ask to wait
 */
export function requestedWait (request: FastifyRequest, reply: FastifyReply, maxWait: number, closing: AbortSignal): RequestedWait | undefined {
  const asked = (request.query as WaitRequest['Querystring']).wait
  const preferred = asked === undefined ? preferredWait(request.headers['prefer']) : undefined
  const seconds = asked ?? preferred
  if (seconds === undefined) return undefined
  const granted = Math.min(seconds, maxWait)
  return {
    timeout: granted * 1_000,
    signal: goneSignal(reply, closing),
    headers: preferred === undefined ? {} : { 'preference-applied': `wait=${granted}` }
  }
}

/**
 * Matches a quoted string, even one without an end. Otherwise, the search for the end would begin anew at each quote in
 * it, and take quadratic time.
 */
const QUOTED = /"(?:[^"\\]|\\.)*(?:"|\\?$)/g
const WAIT = /(?:^|,)\s*wait\s*=\s*(\d+)\s*(?:;[^,]*)?(?=,|$)/i

/**
 * Reads `wait` in a `Prefer`, in seconds. Ignores other preferences, as RFC 7240 says (section 2). If there are several
 * `wait`, the first one counts.
 */
export function preferredWait (prefer: string | string[] | undefined): number | undefined {
  if (prefer === undefined) return undefined
  // Fastify's own `inject` may pass several headers as a list.
  const text = String(prefer).replace(QUOTED, quoted => /^"\d+"$/.test(quoted) ? quoted.slice(1, -1) : '_')
  const [, seconds] = WAIT.exec(text) ?? []
  return seconds === undefined ? undefined : Number(seconds)
}
