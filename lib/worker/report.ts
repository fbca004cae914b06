import type { JobReport } from '../engine/engine.js'
import type { Patience } from '../engine/patience.js'
import { clampPercent } from '../job/state.js'
import { storableText, toJsonText } from '../base/json.js'
import { toRow } from '../job/partial-output.js'
import { createOutputLimit, type OutputLimits } from './output-limit.js'

/** How much of a progress message is kept, in UTF-16 code units. Every status answer carries it. */
const MAX_MESSAGE = 1_000

/**
 * The least time between the beginnings of two writes to the store, in ms. While so much waits that the processor has
 * to wait, too, there is no such pause.
 */
const INTERVAL = 50

/** How many bytes of chunks may wait for the store before the processor has to wait, too. */
const MAX_WAITING = 262_144

/**
 * Stores the progress and the chunks of one run, in order. It gathers them, and writes at most once per `INTERVAL` ms
 * unless there is much to write.
 */
export interface Reporter {
  /** Takes a progress, which replaces one that still waits. Resolves at once. */
  progress (percent: number, message?: string): Promise<void>
  /**
   * Takes a chunk. Resolves at once, or after the next write if too much waits.
   * Rejects with a JobError `OUTPUT_TOO_LARGE`, or with a TypeError if the chunk cannot be stored as JSON.
   */
  write (chunk: unknown): Promise<void>
  /** Resolves when everything is stored, or nothing more will be. */
  flush (): Promise<void>
  /** From now on, calls have no effect. */
  end (): void
}

export interface ReporterOptions extends OutputLimits {
  /** The number of the run, from 1. */
  run: number
  /** The row of the job's log where the chunks of this run begin. */
  firstRow (): Promise<number>
  /** Stores a report. Resolves with false if the job has been given to somebody else, or was ended. */
  store (report: JobReport): Promise<boolean>
  /**
   * Sends a command until the store answers, or nobody waits for the answer any more. Rejects if the command would
   * always fail.
   */
  untilAnswered: Patience['untilAnswered']
  /** Called when `store` resolved with false. */
  onLost (): Promise<void>
  /** Called when the store would never take a report. The run goes on, and reports nothing more. */
  onRefused (error: unknown): void
}

export function createReporter ({ run, firstRow, store, untilAnswered, onLost, onRefused, ...limits }: ReporterOptions): Reporter {
  let progress: unknown
  let rows: string[] = []
  /** Bytes of `rows`. */
  let waiting = 0
  /** How many chunks the run has written in all. */
  let chunks = 0
  const limit = createOutputLimit(limits)
  let base: number | undefined
  let over = false

  const isDone = (): boolean => over || (rows.length === 0 && progress === undefined)

  const writeOut = async (): Promise<void> => {
    if (isDone()) return
    const report = { progress, rows }
    const before = chunks - rows.length
    progress = undefined
    rows = []
    waiting = 0
    try {
      // The store takes a report only once, even if it is sent again after its answer was lost.
      const stored = await untilAnswered(async () => {
        if (report.rows.length > 0) base ??= await firstRow()
        return await store({ ...report, from: (base ?? 0) + before })
      }, () => over)
      if (stored || over) return
      over = true
      await onLost()
    } catch (error) {
      if (!over) onRefused(error)
      over = true
    }
  }

  let lastWrite = -Infinity
  /** The write that is under way or comes next. There is only one at a time. */
  let next: Promise<void> | undefined
  /** Ends the pause before that write; undefined while the write is under way. */
  let hurry: (() => void) | undefined

  const pause = (): Promise<void> => new Promise(resolve => {
    const timer = setTimeout(() => { hurry?.() }, Math.max(0, lastWrite + INTERVAL - performance.now()))
    hurry = () => {
      clearTimeout(timer)
      hurry = undefined
      lastWrite = performance.now()
      resolve()
    }
  })

  const schedule = (): Promise<void> => {
    next ??= pause().then(writeOut).finally(() => {
      next = undefined
      if (!isDone()) void schedule()
    })
    return next
  }

  return {
    async progress (percent, message) {
      if (over) return
      const clamped = clampPercent(percent)
      progress = message === undefined ? clamped : { percent: clamped, message: storableText(message.slice(0, MAX_MESSAGE)) }
      void schedule()
    },

    async write (chunk) {
      if (over) return
      const json = toJsonText(chunk)
      waiting += limit.admit(json)
      chunks++
      rows.push(toRow(run, json))
      const written = schedule()
      if (waiting <= MAX_WAITING) return
      // Now write as fast as the store takes it.
      hurry?.()
      await written
    },

    async flush () {
      if (next !== undefined && hurry === undefined) await next
      while (!isDone()) {
        const written = schedule()
        hurry?.()
        await written
      }
    },

    end () {
      over = true
      hurry?.()
    }
  }
}
