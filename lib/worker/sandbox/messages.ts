import type { JobLogger } from '../../../types/processor.js'
import type { Thrown } from '../../base/thrown.js'
import type { LogFields } from '../log-fields.js'
import type { OutputLimits } from '../output-limit.js'

/*
 * What a worker and its sandbox say to each other. It travels as JSON text: what is nested too deeply for that fails
 * where it is said, at once, whereas a structured clone would be lost without a word.
 */

/** How long an aborted attempt may go on in its sandbox, in ms, before the sandbox is ended. */
export const ABORT_TIMEOUT = 2_000

/** From the worker to the sandbox. */
export type HostMessage =
  | { type: 'load', href: string, limits: OutputLimits }
  | { type: 'run' } & RunOrder
  | { type: 'abort', reason: Thrown }
  /** Nothing more will come. */
  | { type: 'end' }
  /** The worker has done with a message, and waits for the next one. Of what was in it, some may be refused. */
  | { type: 'done', id: number, refusals: Refusals }

export interface RunOrder {
  input: unknown
  jobId: string
  attempt: number
  maxAttempts: number
}

/** By its place in the message. */
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

/** What each has to have, that nothing which a sandbox says can throw in its worker. */
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

/** What a sandbox has said; undefined where that is nothing that ours say. */
export function readSandboxMessage (text: unknown): SandboxMessage | undefined {
  if (typeof text !== 'string') return undefined
  try {
    const message: unknown = JSON.parse(text)
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
