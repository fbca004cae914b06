import { setTimeout as sleep } from 'node:timers/promises'
import { call, type Reply } from '../cluster.js'
import type { Gateway } from '../processes.js'

/** Where requests go: a gateway, or whichever of them is there. */
export type Target = Pick<Gateway, 'origin'>

interface Question {
  body?: unknown
  headers?: Record<string, string>
  /** Seconds that the server was asked to wait. */
  wait?: number
}

/** Sends requests, each with a deadline, and counts how they were answered. */
export interface Requests {
  /** Resolves to undefined where the connection broke. */
  ask <Body = Record<string, unknown>>(to: Target, method: 'GET' | 'POST', path: string, question?: Question): Promise<Reply<Body> | undefined>
  /** Asks again as long as the store, or a gateway, is away. */
  insist <Body = Record<string, unknown>>(to: Target, method: 'GET' | 'POST', path: string, question?: Question): Promise<Reply<Body>>
  /** Something that must begin to be answered in time: resolves to undefined where it was not, or broke. */
  answered <Answer extends { status?: number, statusCode?: number | undefined }>(what: string, wait: number, send: (signal: AbortSignal) => Promise<Answer>): Promise<Answer | undefined>
  /** How often each status was answered; `broken`: the connection was lost. */
  readonly statuses: Map<string, number>
  /** The answer that took longest, beyond what it was asked to wait. */
  readonly slowest: { ms: number, what: string }
}

/**
 * @param fault told of what no client should see
 * @param patience ms until an answer is too late, beyond what it was asked to wait
 */
export function createRequests (fault: (what: string) => void, patience: number): Requests {
  const statuses = new Map<string, number>()
  const slowest = { ms: 0, what: '' }

  const answered: Requests['answered'] = async (what, wait, send) => {
    const late = new AbortController()
    const deadline = wait * 1_000 + patience
    const timer = setTimeout(() => { late.abort() }, deadline)
    const start = performance.now()
    const answer = await send(late.signal).catch(() => undefined)
    clearTimeout(timer)
    const ms = Math.round(performance.now() - start - wait * 1_000)
    if (ms > slowest.ms) Object.assign(slowest, { ms, what })
    if (late.signal.aborted) fault(`${what}: no answer within ${deadline} ms`)
    const status = String(answer === undefined ? 'broken' : answer.status ?? answer.statusCode)
    statuses.set(status, (statuses.get(status) ?? 0) + 1)
    if (Number(status) >= 500 && status !== '503') fault(`${what}: answered with ${status}`)
    // Whoever is refused comes back a little later.
    if (status === '503' || status === 'broken') await sleep(200)
    return answer
  }

  const ask: Requests['ask'] = async <Body>(to: Target, method: 'GET' | 'POST', path: string, { wait = 0, ...options }: Question = {}) => {
    const what = `${method} ${path}`
    const reply = await answered(what, wait, signal => call<Body>(to, method, path, { ...options, signal }))
    if (reply !== undefined && reply.status >= 400) checkProblem(what, reply)
    return reply
  }

  const checkProblem = (what: string, { status, headers, body }: Reply): void => {
    // A host that closes answers by itself on connections that are still open.
    if (status === 503 && headers['connection'] === 'close') return
    const { code } = body as { code?: unknown }
    if (typeof code !== 'string' || !String(headers['content-type']).startsWith('application/problem+json')) fault(`${what}: no problem but ${JSON.stringify(body)}`)
    if (status === 503 && headers['retry-after'] === undefined) fault(`${what}: 503 without Retry-After`)
  }

  return {
    ask,
    async insist (to, method, path, question) {
      for (;;) {
        const reply = await ask<never>(to, method, path, question)
        if (reply !== undefined && reply.status !== 503) return reply
      }
    },
    answered,
    statuses,
    slowest
  }
}
