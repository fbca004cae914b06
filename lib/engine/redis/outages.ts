import { setTimeout as sleep } from 'node:timers/promises'
import { ConnectionClosedError } from 'bullmq'
import type { Cluster, Redis } from 'ioredis'
import { CommandTimeoutError, withoutCommand } from '../../base/errors.js'
import type { EngineLog } from '../engine.js'
import { isInterrupted, watchRecovery } from './recovery.js'
import { remedyFor, withRemedy } from '../remedies.js'

/** Knows whether a Redis answers, and tells the log when that changes: not for each request, nor for each attempt to reconnect. */
export interface Outages {
  /** A command was not answered in time, and none has been since. */
  readonly stalled: boolean
  /** Redis refuses what nothing works without, or has not been asked for it yet. */
  readonly refused: boolean
  /** Hears of a command that failed. @returns whether that is told here */
  note (error: unknown): boolean
  /** Waits for a connection that was closed to be made anew: up to a second, and not while an outage is known. */
  ready (): Promise<void>
  /** Resolves when it is known for the first time whether Redis can be used. */
  readonly known: Promise<void>
  close (): void
}

const UNREACHABLE = 'Redis is unreachable: no job is accepted, shown or worked on until it is back'
const SILENT = 'Redis does not answer: no job is accepted, shown or worked on until it does'
const REFUSING_SOME = 'Redis refuses some of what it is asked'
const REFUSING = 'Redis refuses what the service needs: no job is accepted, shown or worked on until it is granted'

/** How long after a refusal it is asked again whether it is one still, in ms. */
const PAUSE = 1_000

/** How long after one command was refused no other such is told, in ms: it may be one of many, or tried again and again. */
const QUIET_TIME = 60_000

/** @param probe asks for what nothing works without; rejects with what is refused */
export function watchOutages (client: Redis | Cluster, probe: () => Promise<void>, log: EngineLog): Outages {
  let away = false
  let stalled = false
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
  /** Until it refuses nothing any more, and answers. Where the connection breaks, the next one is asked. */
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

  /** One command was refused: it may be that all are. */
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

  /** Whoever asks meanwhile is not kept waiting for the same. */
  const untilAnswer = async (): Promise<void> => {
    if (stalled) return
    stalled = true
    while (client.status === 'ready' && !closing.signal.aborted) {
      try {
        // Not a ping: of a cluster, any node answers that.
        await probe()
      } catch (error) {
        // It has waited for as long as a command may: there is no need to wait in between.
        if (isTimeout(error)) continue
        if (isClusterDown(error)) {
          await sleep(PAUSE, undefined, { signal: closing.signal }).catch(() => {})
          continue
        }
        // A refusal is an answer, too. Where the connection was lost, the next one tells.
        if (client.status !== 'ready') break
      }
      comes()
      break
    }
    stalled = false
  }

  let asking = false
  /** Somebody did not get through to the node of a cluster that has the jobs: it may be that nobody does. */
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
    get stalled () { return stalled },
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

/** What is said of a cluster, or by it, where nobody answers for the slots of a key. */
const CLUSTER_DOWN = /CLUSTERDOWN |^Too many Cluster redirections|^Cluster isn't ready/

function isClusterDown (error: unknown): boolean {
  return error instanceof Error && CLUSTER_DOWN.test(error.message)
}
