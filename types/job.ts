/**
 * The states a job can be in, as clients see them. The last three are final:
 * a job that has reached one of them never changes again. Treat one that you do not know, of a newer server, as not final.
 */
export type JobStatus = 'pending' | 'in_progress' | 'completed' | 'failed' | 'canceled'

/** Why a job failed, as far as clients may know. */
export interface JobFailure {
  /** Stable, upper case: one of ours (`TIMEOUT`, `EXPIRED`, `INPUT_INVALID`, `OUTPUT_INVALID`, `OUTPUT_TOO_LARGE`, `STALLED`, `PROCESSOR_ERROR`) or the code of a `JobError`. */
  code: string
  /** A sentence for people. */
  message: string
  /** What the processor attached to its `JobError`, JSON. */
  data?: unknown
}

/** Paths of the job's routes; absolute URLs where the option `publicUrl` is one. */
export interface JobLinks {
  /** GET: the job as it is. */
  status: string
  /** GET: the output. */
  result: string
  /** POST: cancels the job. */
  cancel: string
  /** GET: the job's events, as Server-Sent Events. */
  events: string
}

/** A job as every answer and every event shows it. Fields that do not apply are absent. */
export interface Job {
  /** Random and URL-safe. */
  jobId: string
  /** Where the job stands. */
  status: JobStatus
  /** Percent, 0 to 100, as the processor reported it last; 100 once completed. */
  progress: number
  /** What the processor said with its last progress report. */
  message?: string
  /** The attempt that runs now; while none runs, how many were made. 0 before the first. */
  attempt: number
  /** Attempts the job may take in all. */
  maxAttempts: number
  /** Whether the job was running when it was canceled: its code was told to stop, and may still be cleaning up. */
  cancelRequested: boolean
  /** ISO 8601, UTC, like all times here. */
  createdAt: string
  /** When the latest attempt began. */
  startedAt?: string
  /** When the next attempt begins at the earliest: the job waits for a retry or was delayed. */
  nextAttemptAt?: string
  /** When the job became final. */
  finishedAt?: string
  /** When the job and its result are deleted. */
  expiresAt?: string
  /** Why the job failed. */
  error?: JobFailure
  /** How long a polling client should wait before it asks again, in ms. Absent once final. */
  pollAfterMs?: number
  /** Where to go on. Not there for the handle of a registration with `routes: false`. */
  links: JobLinks
}

/**
 * What watchers of a job get, the same over SSE, WebSocket and `app.jobs(x).events()`: the job as it is
 * at first, then whenever it has changed, in order. Changes that follow each other faster than they can
 * be read are told as one. After a final `job` nothing more comes. `id` is what to resume after.
 */
export type JobEvent = JobChange | JobOutput

/** The job as it is now. */
export interface JobChange {
  type: 'job'
  /** What to resume after. */
  id: string
  /** The job as it is now. */
  job: Job
}

/** A chunk of partial output that the processor wrote. */
export interface JobOutput {
  type: 'output'
  /** What to resume after. */
  id: string
  /** The job that the chunk belongs to. */
  jobId: string
  /** Position among all chunks of the job, from 0, without gaps. */
  index: number
  /**
   * Which run of the job wrote it, from 1. A retry, or another worker that takes over, begins anew:
   * what chunks of earlier runs said is then obsolete.
   */
  run: number
  /** The chunk, as it was given to `write`. */
  data: unknown
}

/** One thing that is wrong with an input. */
export interface InputIssue {
  /** JSON Pointer (RFC 6901) into the input; empty for the input as a whole. */
  pointer: string
  /** What is wrong there. */
  detail: string
}

/** The body of every error answer: `application/problem+json`, RFC 9457. */
export interface Problem {
  /** Always `about:blank`: the `code` tells what happened (RFC 9457, section 4.2.1). */
  type: string
  /** The HTTP status in words. */
  title: string
  /** The HTTP status of the answer. */
  status: number
  /** A sentence for people: what happened, and what to do next. */
  detail: string
  /** Stable, upper case, for programs. */
  code: string
  /** The job in question, where there is one. */
  jobId?: string
  /** With `JOB_FAILED`: why. */
  error?: JobFailure
  /** With `INPUT_INVALID`: everything that is wrong with the input. */
  issues?: InputIssue[]
}
