import type { Job } from 'bullmq'
import type { JobContext, JobLogger } from '../../types/processor.js'
import { CHUNK_REFUSED, createRefusals, PROGRESS_REFUSED } from './refusals.js'
import type { Reporter } from './report.js'

/** Makes what a processor gets beside its input. */
export function createContext (job: Job, reporter: Pick<Reporter, 'progress' | 'write'>, signal: AbortSignal, log: JobLogger): JobContext {
  // A job that runs has an id.
  const jobId = job.id as string
  const attempt = job.attemptsMade + 1
  const jobLog = childLogger(log, { job: job.name, jobId, attempt })
  const { heard } = createRefusals(jobLog)
  return {
    jobId,
    attempt,
    maxAttempts: Math.max(job.opts.attempts ?? 1, 1),
    signal,
    log: jobLog,
    // After the end of an attempt, its reports have no effect: the job may be final, or another attempt may run.
    progress: (percent, message) => signal.aborted ? Promise.resolve() : heard(reporter.progress(percent, message), PROGRESS_REFUSED),
    write: chunk => signal.aborted ? Promise.resolve() : heard(reporter.write(chunk), CHUNK_REFUSED)
  }
}

/** Makes a logger that adds fields to each line: the logger's own child if it can make one. */
function childLogger (log: JobLogger & { child?: (fields: object) => JobLogger }, fields: object): JobLogger {
  if (log.child) return log.child(fields)
  const withFields = (level: keyof JobLogger) => (first: string | object, message?: string): void => {
    if (typeof first === 'string') log[level](fields, first)
    else log[level]({ ...fields, ...first }, message)
  }
  return { debug: withFields('debug'), info: withFields('info'), warn: withFields('warn'), error: withFields('error') }
}
