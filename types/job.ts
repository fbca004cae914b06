/**
 * The states of a job, as clients see them. `completed`, `failed` and `canceled` are final: the job never changes
 * again. A newer server may have further ones: treat a status that you do not know as not final.
 */
export type JobStatus = 'pending' | 'in_progress' | 'completed' | 'failed' | 'canceled'

/** Why a job failed, as far as clients may know. */
export interface JobFailure {
  /**
   * Stable, upper case, for programs. It is the code of a `JobError`, or one of this package: `TIMEOUT`, `EXPIRED`,
   * `INPUT_INVALID`, `OUTPUT_INVALID`, `OUTPUT_TOO_LARGE`, `STALLED`, `PROCESSOR_ERROR`.
   */
  code: string
  /** A sentence for people. */
  message: string
  /** The JSON that the processor attached to its `JobError`. */
  data?: unknown
}

/** Paths of the job's routes. They are absolute URLs if the option `publicUrl` is one. */
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

/** A job, in every answer and every event. Fields that do not apply are absent. All times are ISO 8601, in UTC. */
export interface Job {
  /** Random and URL-safe. */
  jobId: string
  /** Where the job stands. */
  status: JobStatus
  /** The percentage that the processor reported last, 0 to 100. 100 once the job is completed. */
  progress: number
  /** The message of the processor's last progress report. */
  message?: string
  /** The number of the attempt that runs. While none runs: how many attempts were made, 0 before the first. */
  attempt: number
  /** How many attempts the job has, the first one included. */
  maxAttempts: number
  /** Whether the job was running when it was canceled. Its code was told to stop, and may still be cleaning up. */
  cancelRequested: boolean
  /** When the job was submitted. */
  createdAt: string
  /** When the latest attempt began. */
  startedAt?: string
  /**
   * When the next attempt begins at the earliest. Present while the job waits for a retry or for the end of its delay.
   */
  nextAttemptAt?: string
  /** When the job became final. */
  finishedAt?: string
  /** When the job and its result are deleted. */
  expiresAt?: string
  /** Why the job failed. */
  error?: JobFailure
  /** How long a polling client should wait before it asks again, in ms. Absent once the job is final. */
  pollAfterMs?: number
  /** The job's routes. Absent in the jobs of a handle whose registration has `routes: false`. */
  links: JobLinks
}

/**
 * An event of a job: the same over SSE, WebSocket and `app.jobs(x).events()`. First comes the job as it is, then the
 * job after each change and each chunk of output, in order. Changes that come faster than you read them arrive as one.
 * Nothing comes after a final `job`. Pass `id` to resume after this event.
 */
export type JobEvent = JobChange | JobOutput

/** The job as it is now. */
export interface JobChange {
  type: 'job'
  /** Pass it to resume after this event. */
  id: string
  /** The job as it is now. */
  job: Job
}

/** A chunk of partial output that the processor wrote. */
export interface JobOutput {
  type: 'output'
  /** Pass it to resume after this event. */
  id: string
  /** The job that the chunk belongs to. */
  jobId: string
  /**
   * The position among all chunks of the job, from 0. It has no gaps, unless somebody else writes to the job's log in
   * BullMQ.
   */
  index: number
  /**
   * The number of the run that wrote the chunk, from 1. A retry begins a new run, and so does another worker that takes
   * over the job. Chunks of earlier runs are then obsolete.
   */
  run: number
  /** The JSON of the chunk that the processor passed to `write`. */
  data: unknown
}

/** One thing that is wrong with an input. */
export interface InputIssue {
  /** JSON Pointer (RFC 6901) into the input; empty for the input as a whole. */
  pointer: string
  /** What is wrong there, for people. */
  detail: string
}

/** The body of every error answer: `application/problem+json` (RFC 9457). */
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
  /** The id of the job in question. Absent if there is none. */
  jobId?: string
  /** With `JOB_FAILED`: why the job failed. */
  error?: JobFailure
  /** With `INPUT_INVALID`: everything that is wrong with the input. */
  issues?: InputIssue[]
}
