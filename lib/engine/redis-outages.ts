import type { Cluster, Redis } from 'ioredis'
import { withoutCommand } from '../errors.js'
import type { EngineLog } from './engine.js'

/** Knows whether a Redis answers, and tells the log when that changes: not for each request, nor for each attempt to reconnect. */
export interface Outages {
  /** A command was not answered in time, and none has been since. */
  readonly stalled: boolean
  /** Hears of a command that failed. @returns whether that is told here */
  note (error: unknown): boolean
}

const UNREACHABLE = 'Redis is unreachable: no job is accepted, shown or worked on until it is back'
const SILENT = 'Redis does not answer: no job is accepted, shown or worked on until it does'

export function watchOutages (client: Redis | Cluster, log: EngineLog): Outages {
  let away = false
  let stalled = false

  const goes = (error: unknown, message: string): void => {
    if (!away) log.warn({ err: withoutCommand(error) }, message)
    away = true
  }
  const comes = (): void => {
    if (away) log.info({}, 'Redis is back')
    away = false
  }
  client.on('error', error => { goes(error, UNREACHABLE) })
  client.on('ready', comes)

  /** Whoever asks meanwhile is not kept waiting for the same. */
  const untilAnswer = async (): Promise<void> => {
    stalled = true
    while (client.status === 'ready') {
      try {
        await client.ping()
      } catch (error) {
        // It has waited for as long as a command may: there is no need to wait in between.
        if (isTimeout(error)) continue
        // A refusal is an answer, too. Where the connection was lost, the next one tells.
        if (client.status !== 'ready') break
      }
      comes()
      break
    }
    stalled = false
  }

  return {
    get stalled () { return stalled },
    note (error) {
      if (!isTimeout(error)) return false
      goes(error, SILENT)
      if (!stalled) void untilAnswer()
      return true
    }
  }
}

/** What ioredis says when a command took longer than `commandTimeout`. */
function isTimeout (error: unknown): boolean {
  return error instanceof Error && error.message === 'Command timed out'
}
