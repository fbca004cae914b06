import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Wait } from '../events/until-final.js'
import { goneSignal } from './closed.js'

/** A request's wish to be answered later, when the job is final. */
export interface RequestedWait extends Wait {
  /** What the answer says of it (RFC 7240, section 3). */
  headers: Record<string, string>
}

export interface WaitRequest {
  Querystring: { wait?: number }
}

/** Makes the `wait` of a query the number that its schema says, also for hosts whose validator changes no types. */
export function readWait (request: FastifyRequest, _reply: FastifyReply, done: () => void): void {
  const query = request.query as { wait?: unknown }
  if (typeof query.wait === 'string' && /^-?\d+$/.test(query.wait)) query.wait = Number(query.wait)
  done()
}

/**
 * How long a request wants to wait: `?wait=N`, or else `Prefer: wait=N` (RFC 7240, section 4.3). It ends
 * early when the client hangs up, or the service closes. Never longer than `maxWait`, in seconds.
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

/** With one that does not end: to look for its end from every quote in it would take the square of its length. */
const QUOTED = /"(?:[^"\\]|\\.)*(?:"|\\?$)/g
const WAIT = /(?:^|,)\s*wait\s*=\s*(\d+)\s*(?:;[^,]*)?(?=,|$)/i

/** Seconds. What is no preference that we know is ignored, as RFC 7240 says (section 2). Of several, the first counts. */
export function preferredWait (prefer: string | string[] | undefined): number | undefined {
  if (prefer === undefined) return undefined
  // Fastify's own `inject` may pass several headers as a list.
  const text = String(prefer).replace(QUOTED, quoted => /^"\d+"$/.test(quoted) ? quoted.slice(1, -1) : '_')
  const [, seconds] = WAIT.exec(text) ?? []
  return seconds === undefined ? undefined : Number(seconds)
}
