import { setTimeout as sleep } from 'node:timers/promises'
import { ConnectionClosedError } from 'bullmq'
import type { Cluster, Redis } from 'ioredis'
import { CommandTimeoutError, withoutCommand } from '../../base/errors.js'
import type { EngineLog } from '../engine.js'
import { isInterrupted, watchRecovery } from './reconnection.js'
import { remedyFor, withRemedy } from '../remedies.js'

/** Knows whether Redis answers. Logs only when that changes, not for each request or attempt to reconnect. */
export interface Outages {
  /** Whether a command got no answer in time, and no other has been answered since. */
  readonly silent: boolean
  /** Whether Redis refuses a command that the service cannot work without, or has not been asked for it yet. */
  readonly refused: boolean
  /**
   * Call it with the error of each command that failed.
   * @returns whether the cause is logged here
   */
  note (error: unknown): boolean
  /**
   * If the connection was closed, waits until it is open again: up to a second. Returns at once if an outage is known.
   */
  ready (): Promise<void>
  /** Resolves when it is first known whether Redis can be used. */
  readonly known: Promise<void>
  close (): void
}

const UNREACHABLE = 'Redis is unreachable: no job is accepted, shown or worked on until it is back'
const SILENT = 'Redis does not answer: no job is accepted, shown or worked on until it does'
const REFUSING_SOME = 'Redis refuses some of what it is asked'
const REFUSING = 'Redis refuses what the service needs: no job is accepted, shown or worked on until it is granted'

/** How long after a refusal Redis is asked again, in ms. */
const PAUSE = 1_000

/**
 * How long after a line about a refused command no other such line is logged, in ms. The command may be one of many, or
 * be tried again and again.
 */
const QUIET_TIME = 60_000

/** @param probe sends the commands that the service cannot work without; rejects with the refusal */
export function watchOutages (client: Redis | Cluster, probe: () => Promise<void>, log: EngineLog): Outages {
  let away = false
  let silent = false
  let refused = true
  let quietUntil = 0
  let learn = (): void => {}
  const known = new Promise<void>(resolve => { learn = resolve })
  const closing = new AbortController()

  const goes = (error: unknown, message: string): void => {
    if (!away) log.warn({ err: withoutCommand(error) }, withRemedy(message, error))
    away = true
    recovery.end()
  }
  const comes = (): void => {
    if (away) log.info({}, 'Redis is back')
    away = false
  }

  const recovery = watchRecovery(client, () => { goes(new ConnectionClosedError(), UNREACHABLE) })

  let granting = false
  /**
   * Probes until Redis answers and refuses nothing. If the connection breaks, it stops: the next connection starts it
   * anew.
   */
  const untilGranted = async (): Promise<void> => {
    if (granting) return
    granting = true
    while (client.status === 'ready' && !closing.signal.aborted) {
      try {
        await probe()
        refused = false
        comes()
        break
      } catch (error) {
        refused = remedyFor(error) !== undefined
        if (refused) goes(error, REFUSING)
        learn()
        if (!away) break
      }
      await sleep(PAUSE, undefined, { signal: closing.signal }).catch(() => {})
    }
    learn()
    granting = false
  }

  /** Handles a refused command. A probe tells whether Redis refuses only this command, or what the service needs. */
  const noteRefusal = async (error: unknown): Promise<void> => {
    try {
      await probe()
      if (!refused && performance.now() > quietUntil) log.warn({ err: withoutCommand(error) }, withRemedy(REFUSING_SOME, error))
      quietUntil = performance.now() + QUIET_TIME
    } catch {
      void untilGranted()
    }
  }

  client.on('error', error => {
    if (isInterrupted(error) && recovery.expected) return
    goes(error, remedyFor(error) === undefined ? UNREACHABLE : REFUSING)
    learn()
  })
  client.on('ready', () => { void untilGranted() })

  /** Probes until Redis answers. Meanwhile `silent` keeps other callers from waiting for the same thing. */
  const untilAnswer = async (): Promise<void> => {
    if (silent) return
    silent = true
    while (client.status === 'ready' && !closing.signal.aborted) {
      try {
        // Not a PING: any node of a cluster would answer that.
        await probe()
      } catch (error) {
        // The probe itself has waited for the time of a command, so no pause is needed.
        if (isTimeout(error)) continue
        if (isClusterDown(error)) {
          await sleep(PAUSE, undefined, { signal: closing.signal }).catch(() => {})
          continue
        }
        // A refusal is an answer, too. If the connection was lost, the next one reports.
        if (client.status !== 'ready') break
      }
      comes()
      break
    }
    silent = false
  }

  let asking = false
  /**
   * Handles a command that did not reach the node of a cluster that holds the jobs. A probe tells whether anybody
   * reaches it.
   */
  const noteNode = async (): Promise<void> => {
    if (asking || away) return
    asking = true
    try {
      await probe()
    } catch (error) {
      if (isClusterDown(error) || isTimeout(error)) {
        goes(error, UNREACHABLE)
        void untilAnswer()
      }
    }
    asking = false
  }

  return {
    get silent () { return silent },
    get refused () { return refused },
    note (error) {
      if (remedyFor(error) !== undefined) {
        void noteRefusal(error)
        return true
      }
      if (isClusterDown(error)) {
        void noteNode()
        return true
      }
      if (!isTimeout(error)) return false
      goes(error, SILENT)
      void untilAnswer()
      return true
    },
    ready: async () => { if (!away) await recovery.wait() },
    known,
    close () {
      closing.abort()
      recovery.close()
    }
  }
}

function isTimeout (error: unknown): boolean {
  return error instanceof CommandTimeoutError
}

/** The errors of a cluster, or of ioredis, when no node answers for the slots of a key. */
const CLUSTER_DOWN = /CLUSTERDOWN |^Too many Cluster redirections|^Cluster isn't ready/

function isClusterDown (error: unknown): boolean {
  return error instanceof Error && CLUSTER_DOWN.test(error.message)
}
