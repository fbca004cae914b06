import type { JobContext, JobLogger } from '../../../types/processor.js'
import type { OutputLimits } from '../output-limit.js'
import { CHUNK_REFUSED, createRefusals } from '../refusals.js'
import { createChunks } from './chunks.js'
import { createLogLines, type LogLines } from './log-lines.js'
import type { Post } from './post.js'
import { createProgress } from './progress.js'

/** Sends the progress, the partial output and the log of a run out of the sandbox. */
export interface Outbox extends Pick<JobContext, 'progress' | 'write' | 'log'> {
  /** Call it when the run must stop: from now on, only its log goes out. */
  stop (): void
  /** Call it when the run has ended: further calls have no effect. Resolves when everything is out. */
  close (): Promise<void>
}

/** Makes an outbox. Many runs report nothing, and should cost nothing, so each part is made at its first use. */
export function createOutbox (post: Post, limits: OutputLimits): Outbox {
  let mute = false
  let over = false
  let lines: LogLines | undefined
  let reports: Reports | undefined

  const at = (level: keyof JobLogger) => (first: string | object, message?: string): void => {
    if (!over) (lines ??= createLogLines(post)).write(level, first, message)
  }
  const log: JobLogger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
  const open = (): Reports => (reports ??= openReports(post, limits, log))
  return {
    log,
    progress: (percent, message) => mute ? Promise.resolve() : open().progress(percent, message),
    write: chunk => mute ? Promise.resolve() : open().write(chunk),
    stop () {
      mute = true
      reports?.end()
    },
    async close () {
      mute = true
      over = true
      await lines?.empty()
      await reports?.empty()
    }
  }
}

interface Reports extends Pick<JobContext, 'progress' | 'write'> {
  empty (): Promise<void>
  end (): void
}

function openReports (post: Post, limits: OutputLimits, log: JobLogger): Reports {
  // This logs only the refusals of the sandbox. The worker logs its own.
  const { tell } = createRefusals(log)
  const chunks = createChunks(post, limits, error => { tell(error, CHUNK_REFUSED) })
  const progress = createProgress(post)
  return {
    progress: progress.report,
    write: chunks.write,
    async empty () {
      await chunks.empty()
      await progress.empty()
    },
    end () {
      chunks.end()
      progress.end()
    }
  }
}
