import type { JobReport } from '../engine/engine.js'
import type { Patience } from '../engine/patience.js'
import { clampPercent } from '../job/state.js'
import { storableText, toJsonText } from '../base/json.js'
import { toRow } from '../job/partial-output.js'
import { createOutputLimit, type OutputLimits } from './output-limit.js'

/** How much of a progress message is kept, in UTF-16 code units: every status answer carries it. */
const MAX_MESSAGE = 1_000

/** The least time between the beginnings of two writes to the store, in ms, unless so much waits that the processor does, too. */
const INTERVAL = 50

/** How many bytes of chunks may wait for the store before the processor has to wait, too. */
const MAX_WAITING = 262_144

/** What one run of a job tells while it runs: gathered, and stored in order, at most 20 times a second unless there is much of it. */
export interface Reporter {
  progress (percent: number, message?: string): Promise<void>
  write (chunk: unknown): Promise<void>
  /** Resolves when all is stored that is to be. */
  flush (): Promise<void>
  /** What is told from now on has no effect. */
  end (): void
}

export interface ReporterOptions extends OutputLimits {
  /** Which run this is, from 1. */
  run: number
  /** The row of the job's log where the chunks of this run begin. */
  firstRow (): Promise<number>
  /** Stores a report; false where the job is somebody else's by now. */
  store (report: JobReport): Promise<boolean>
  /** Asks until the store answers, or nobody waits for that any more. Rejects where it never will. */
  untilAnswered: Patience['untilAnswered']
  /** Called where the job is somebody else's. */
  onLost (): Promise<void>
  /** Called where the store will never take a report: the run goes on, and tells no more. */
  onRefused (error: unknown): void
}

export function createReporter ({ run, firstRow, store, untilAnswered, onLost, onRefused, ...limits }: ReporterOptions): Reporter {
  let progress: unknown
  let rows: string[] = []
  /** Bytes of `rows`. */
  let waiting = 0
  /** What the run has written in all. */
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
      // What the store took although its answer was lost, it takes only once.
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
  /** The write that comes next or is under way: one after the other. */
  let next: Promise<void> | undefined
  /** Ends the pause before it; undefined while it is under way. */
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
      // As fast as the store takes it.
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
