import type { JobLogger } from '../../../types/processor.js'
import type { Thrown } from '../../base/thrown.js'
import type { LogFields } from '../log-fields.js'
import type { OutputLimits } from '../output-limit.js'

/*
 * The messages between a worker and its sandbox. They are sent as JSON text: a value that is nested too deeply for JSON
 * fails at once, at the sender. A structured clone of it would be lost without an error.
 */

/** How long an aborted attempt may go on in its sandbox, in ms. Then the sandbox is ended. */
export const ABORT_TIMEOUT = 2_000

/** From the worker to the sandbox. */
export type HostMessage =
  | { type: 'load', href: string, limits: OutputLimits }
  | { type: 'run' } & RunOrder
  | { type: 'abort', reason: Thrown }
  /** No further message will come. */
  | { type: 'end' }
  /** The worker has handled a message, and waits for the next one. It may have refused some of its content. */
  | { type: 'done', id: number, refusals: Refusals }

export interface RunOrder {
  input: unknown
  jobId: string
  attempt: number
  maxAttempts: number
}

/** The errors of what was refused, by its place in the message. */
export type Refusals = Record<number, Thrown>

/** From the sandbox to the worker. */
export type SandboxMessage =
  | { type: 'loaded' }
  | { type: 'unloadable', failure: Thrown }
  | { type: 'completed', output: unknown }
  | { type: 'failed', failure: Thrown }
  /** Something was thrown outside the processor's promise: the sandbox exits. */
  | { type: 'died', failure: Thrown }
  | { type: 'progress', id: number, percent: number, message?: string }
  | { type: 'write', id: number, chunks: unknown[] }
  | { type: 'log', id: number, lines: LogLine[] }

export interface LogLine extends LogFields {
  level: keyof JobLogger
  message?: string
}

const LEVELS: unknown[] = ['debug', 'info', 'warn', 'error'] satisfies Array<keyof JobLogger>

/** What a message of each type must have. With that, no message of a sandbox can throw in its worker. */
const FORMS: Record<SandboxMessage['type'], (message: Record<string, unknown>) => boolean> = {
  loaded: () => true,
  unloadable: ({ failure }) => isThrown(failure),
  completed: message => 'output' in message,
  failed: ({ failure }) => isThrown(failure),
  died: ({ failure }) => isThrown(failure),
  progress: ({ id }) => typeof id === 'number',
  write: ({ id, chunks }) => typeof id === 'number' && Array.isArray(chunks),
  log: ({ id, lines }) => typeof id === 'number' && Array.isArray(lines) && lines.every(isLine)
}

/** Reads a message of a sandbox. Undefined if it is none of ours. */
export function readSandboxMessage (text: unknown): SandboxMessage | undefined {
  if (typeof text !== 'string') return undefined
  try {
    const message: unknown = JSON.parse(text)
    // `hasForm` has checked it by its type.
    return isRecord(message) && hasForm(message) ? message as unknown as SandboxMessage : undefined
  } catch {
    return undefined
  }
}

function hasForm (message: Record<string, unknown>): boolean {
  const { type } = message
  return typeof type === 'string' && Object.hasOwn(FORMS, type) && FORMS[type as SandboxMessage['type']](message)
}

function isLine (line: unknown): boolean {
  return isRecord(line) && LEVELS.includes(line['level']) && isRecord(line['fields']) && isRecord(line['errors']) &&
    Object.values(line['errors']).every(isThrown)
}

function isThrown (value: unknown): boolean {
  if (!isRecord(value)) return false
  const { name, message, cause, jobError } = value
  return typeof name === 'string' && typeof message === 'string' &&
    (cause === undefined || isThrown(cause)) &&
    (jobError === undefined || (isRecord(jobError) && typeof jobError['code'] === 'string'))
}

function isRecord (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
