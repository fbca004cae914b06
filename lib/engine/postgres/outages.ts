import { SchemaVersionMismatchError, UnsupportedPostgresVersionError } from 'bullmq'
import { MisuseError, withoutCommand } from '../../base/errors.js'
import { pause } from '../../base/timer.js'
import type { EngineLog } from '../engine.js'
import { withRemedy } from '../remedies.js'
import { isFault } from '../store-answers.js'

/** Knows whether PostgreSQL answers. Logs only when that changes, not for each request or connection. */
export interface PostgresOutages {
  /** False as soon as it is known that PostgreSQL does not answer. */
  readonly available: boolean
  /**
   * Call it with the error of each statement or connection that failed.
   * @returns whether the cause is logged here
   */
  note (error: unknown): boolean
  close (): void
}

/** How long until PostgreSQL is asked again after a failure, in ms: at first, and at most. */
const FIRST_PAUSE = 50
const LONGEST_PAUSE = 1_000

/**
 * How many statements in a row must fail before that counts as an outage. One failure may be a single broken
 * connection.
 */
const OUTAGE = 2

/** How long after a line about broken connections no other such line is logged, in ms. */
const QUIET_TIME = 10_000

/** How long after a line about a refusal no other such line is logged, in ms. Each request may get one. */
const REFUSAL_QUIET_TIME = 60_000

const UNREACHABLE = 'PostgreSQL is unreachable: no job is accepted, shown or worked on until it is back'
const REFUSING = 'PostgreSQL refuses some of what it is asked: that is answered 503, or waits until it is granted'
const BROKEN = 'Connections to PostgreSQL break, or do not answer in time: what was asked over them is asked again, or answered 503'

/**
 * @param ask sends a statement over a new connection
 * @param renew replaces all other connections; called when some of them do not answer
 * @param away the error with which PostgreSQL failed at the start; undefined: it answered
 */
export function watchPostgres (ask: () => Promise<void>, renew: () => void, log: EngineLog, away?: unknown): PostgresOutages {
  const closed = new AbortController()
  let available = true
  let asking = false
  let stale = false
  let quietUntil = 0
  let refusalQuietUntil = 0

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
    for (; !closed.signal.aborted; await pause(Math.min(FIRST_PAUSE * 2 ** (failures - 1), LONGEST_PAUSE), closed.signal)) {
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

/**
 * PostgreSQL's classes of errors that are about the connection: it breaks, there is no room for another, or nobody may
 * log in yet.
 */
const OF_CONNECTION = /^(?:08|28|3D|53|57P)/

/**
 * Whether an error means that PostgreSQL could not be asked. An error from the server has a severity, and counts only
 * in the classes above. Any other error arose on the way to the server, unless it is a fault of this code or of its
 * options.
 */
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

/**
 * PostgreSQL's codes for a connection that it ends, because of an administrator, a crash or an idle timeout, and the
 * operating system's codes for a connection that has ended.
 */
const ENDED = ['57P01', '57P02', '57P05', '25P03', '08003', '08006', 'ECONNRESET', 'EPIPE']

/** `pg`'s messages for a connection that has ended. */
const TERMINATED = /^Connection terminated(?: unexpectedly)?$|is not queryable$/

/** Whether a statement failed because its connection ended. PostgreSQL may have run the statement. */
export function isInterrupted (error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return ENDED.includes(String((error as { code?: unknown }).code)) || TERMINATED.test(error.message)
}

/** Whether a statement took longer than `query_timeout`. Only the message of `pg` says so. */
function isTimeout (error: unknown): boolean {
  return error instanceof Error && error.message === 'Query read timeout'
}

/** Makes an error fit for logs. `pg` may attach the client and its settings to it. */
function withoutClient (error: unknown): unknown {
  if (error instanceof Error) Reflect.deleteProperty(error, 'client')
  return withoutCommand(error)
}
