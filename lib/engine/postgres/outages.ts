import { SchemaVersionMismatchError, UnsupportedPostgresVersionError } from 'bullmq'
import { MisuseError, withoutCommand } from '../../base/errors.js'
import type { EngineLog } from '../engine.js'
import { withRemedy } from '../remedies.js'
import { isFault } from '../store-answers.js'

/** Knows whether a PostgreSQL answers, and tells the log when that changes: not for each request, nor for each connection. */
export interface PostgresOutages {
  /** False from when it is known that it does not. */
  readonly available: boolean
  /** Hears of a query or a connection that failed. @returns whether that is told here */
  note (error: unknown): boolean
  close (): void
}

/** How long until a PostgreSQL that does not answer is asked again, in ms: at first, and at most. */
const FIRST_PAUSE = 50
const LONGEST_PAUSE = 1_000

/** How many questions in a row fail in an outage: one connection that breaks is none. */
const OUTAGE = 2

/** How long after broken connections were told of no others are, in ms. */
const QUIET_TIME = 10_000

/** How long after a refusal was told of no other is, in ms: each request may get one. */
const REFUSAL_QUIET_TIME = 60_000

const UNREACHABLE = 'PostgreSQL is unreachable: no job is accepted, shown or worked on until it is back'
const REFUSING = 'PostgreSQL refuses some of what it is asked: that is answered 503, or waits until it is granted'
const BROKEN = 'Connections to PostgreSQL break, or do not answer in time: what was asked over them is asked again, or answered 503'

/**
 * @param ask asks over a new connection
 * @param renew exchanges all others, where some do not answer
 * @param away why the PostgreSQL was away from the start; undefined: it was not
 */
export function watchPostgres (ask: () => Promise<void>, renew: () => void, log: EngineLog, away?: unknown): PostgresOutages {
  const closed = new AbortController()
  let available = true
  let asking = false
  let stale = false
  let quietUntil = 0
  let refusalQuietUntil = 0

  const pause = (ms: number): Promise<void> => new Promise(resolve => {
    const go = (): void => {
      clearTimeout(timer)
      closed.signal.removeEventListener('abort', go)
      resolve()
    }
    const timer = setTimeout(go, ms)
    closed.signal.addEventListener('abort', go)
  })

  const goes = (error: unknown): void => {
    if (available) log.warn({ err: withoutClient(error) }, withRemedy(UNREACHABLE, error))
    available = false
  }
  const comes = (): void => {
    if (stale || !available) renew()
    stale = false
    if (!available) log.info({}, 'PostgreSQL is back')
    available = true
  }

  const untilAnswer = async (noted: unknown, failures: number): Promise<void> => {
    asking = true
    for (; !closed.signal.aborted; await pause(Math.min(FIRST_PAUSE * 2 ** (failures - 1), LONGEST_PAUSE))) {
      try {
        await ask()
        if (available && performance.now() > quietUntil) {
          quietUntil = performance.now() + QUIET_TIME
          log.warn({ err: withoutClient(noted) }, BROKEN)
        }
        comes()
        break
      } catch (error) {
        if (++failures >= OUTAGE && !closed.signal.aborted) goes(error)
      }
    }
    asking = false
  }

  const tellRefusal = (error: unknown): void => {
    if (performance.now() < refusalQuietUntil) return
    refusalQuietUntil = performance.now() + REFUSAL_QUIET_TIME
    log.warn({ err: withoutClient(error) }, withRemedy(REFUSING, error))
  }

  if (away !== undefined) {
    goes(away)
    void untilAnswer(away, OUTAGE)
  }
  return {
    get available () { return available && !closed.signal.aborted },
    note (error) {
      if (closed.signal.aborted) return false
      if (isRefusal(error)) {
        tellRefusal(error)
        return true
      }
      if (!isOfConnection(error)) return false
      if (isTimeout(error)) stale = true
      if (!asking) void untilAnswer(error, 0)
      return true
    },
    close () { closed.abort() }
  }
}

/** PostgreSQL's classes of errors that say something of the connection: it breaks, there is room for no other, nobody may log in yet. */
const OF_CONNECTION = /^(?:08|28|3D|53|57P)/

/** Whether PostgreSQL could not be asked. What comes from the server has a severity; what else fails does so on the way, but for what is wrong here. */
export function isOfConnection (error: unknown): boolean {
  if (isFault(error) || error instanceof URIError || error instanceof MisuseError) return false
  if (error instanceof SchemaVersionMismatchError || error instanceof UnsupportedPostgresVersionError) return false
  const { severity, code } = error as { severity?: unknown, code?: unknown }
  return severity === undefined || OF_CONNECTION.test(String(code))
}

/** Whether a right is missing (`insufficient_privilege`). */
function isRefusal (error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '42501'
}

/** What PostgreSQL says as it ends a connection: an administrator, a crash, an idle timeout; and what the system says of one that has ended. */
const ENDED = ['57P01', '57P02', '57P05', '25P03', '08003', '08006', 'ECONNRESET', 'EPIPE']

/** What `pg` says of it. */
const TERMINATED = /^Connection terminated(?: unexpectedly)?$|is not queryable$/

/** Whether a connection ended in the middle of a query: PostgreSQL may have done what it was asked. */
export function isInterrupted (error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return ENDED.includes(String((error as { code?: unknown }).code)) || TERMINATED.test(error.message)
}

/** What `pg` says of a query that took longer than `query_timeout`. */
function isTimeout (error: unknown): boolean {
  return error instanceof Error && error.message === 'Query read timeout'
}

/** With an error may come the client, and its settings. */
function withoutClient (error: unknown): unknown {
  if (error instanceof Error) Reflect.deleteProperty(error, 'client')
  return withoutCommand(error)
}
