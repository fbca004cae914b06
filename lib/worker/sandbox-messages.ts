import type { SandboxFailure } from './sandbox-failure.js'

/* What a worker and its sandbox say to each other. */

/*
 * The start is spoken as BullMQ's Child does it. Its numbers are repeated here, and compared by a
 * test, so that a sandbox need not load BullMQ.
 */
export const CHILD_INIT = 0
export const CHILD_INIT_FAILED = 3
export const CHILD_INIT_COMPLETED = 4

/** From the worker to the sandbox. */
export type ParentMessage =
  | { type: 'run', input: unknown, jobId: string, attempt: number, maxAttempts: number }
  | { type: 'abort', reason: SandboxFailure }
  /** Nothing more will come. */
  | { type: 'end' }
  /** A call out of the sandbox is carried out, or failed with `error`. */
  | { type: 'done', call: number, error?: SandboxFailure }

/** From the sandbox to the worker. */
export type ChildMessage =
  | { type: 'completed', output: unknown }
  | { type: 'failed', failure: SandboxFailure }
  /** Something was thrown outside the processor's promise: the sandbox exits. */
  | { type: 'died', failure: SandboxFailure }
  | { type: 'progress', call: number, percent: number, message?: string }
  | { type: 'write', call: number, chunk: unknown }
  | { type: 'log', level: 'debug' | 'info' | 'warn' | 'error', fields: object, message?: string }
