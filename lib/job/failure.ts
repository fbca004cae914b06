import type { JobFailure } from '../../types/job.js'
import { shortened } from '../base/text-of.js'
import { readThrown, type Thrown } from '../base/thrown.js'

/** What BullMQ stores as the reason when a worker died too often. */
const STALLED_REASON = 'job stalled more than allowable limit'

const STALLED: JobFailure = { code: 'STALLED', message: 'The worker that ran the job died, more often than is allowed.' }
const PROCESSOR_ERROR: JobFailure = { code: 'PROCESSOR_ERROR', message: 'The job failed for an internal reason.' }

/** How much of a message and of a code is stored, in UTF-16 code units: tools put their whole output into messages, and each status answer reads it. */
export const MAX_MESSAGE = 8_192
const MAX_CODE = 256

/** How long the JSON of a failure may be, in UTF-16 code units, before its data is left out. */
const MAX_FAILURE = 16_384

/** What stands before the JSON of a failure that clients may see. Workers in other languages may write it too. */
const MARK = 'JobError '

/**
 * How reasons begin that are more than text. Only a JobError is shown to clients, and only BullMQ
 * tells of stalled jobs: an error that merely reads like that must not be taken for it.
 */
const MEANINGFUL = [MARK, STALLED_REASON, 'bullmq:']

/** A failure as it is stored; `status` is what `GET /result` answers for it. */
export interface StoredFailure extends JobFailure {
  status?: number
}

/** What BullMQ stores as `failedReason` for what a processor threw. */
export function toFailedReason (thrown: unknown): string {
  return failedReasonOf(readThrown(thrown))
}

/** The same, of what was read already. */
export function failedReasonOf ({ message, jobError }: Thrown): string {
  const text = shortened(message, MAX_MESSAGE)
  if (jobError === undefined) return MEANINGFUL.some(start => text.startsWith(start)) ? `Error: ${text}` : text
  const { data, status } = jobError
  const failure = { code: shortened(jobError.code, MAX_CODE), message: text, status }
  return MARK + (tryStringify({ ...failure, data }) ?? JSON.stringify(failure))
}

/** What clients may know of a stored `failedReason`. */
export function fromFailedReason (reason: string | undefined): StoredFailure {
  if (reason === STALLED_REASON) return STALLED
  if (!reason?.startsWith(MARK)) return PROCESSOR_ERROR
  try {
    const failure: unknown = JSON.parse(reason.slice(MARK.length))
    if (!isStoredFailure(failure)) return PROCESSOR_ERROR
    return { ...publicFailure(failure), ...(isErrorStatus(failure.status) && { status: failure.status }) }
  } catch {
    // Another worker wrote the mark, but no JSON behind it.
    return PROCESSOR_ERROR
  }
}

/** What a failed job shows of its failure; the status that `GET /result` answers for it is not part of it. */
export function publicFailure ({ code, message, data }: StoredFailure): JobFailure {
  return { code, message, ...(data !== undefined && { data }) }
}

/** Undefined where the data is not JSON, or too much of it, which must not hide the error it came with. */
function tryStringify (failure: StoredFailure): string | undefined {
  try {
    const text = JSON.stringify(failure)
    return text.length > MAX_FAILURE ? undefined : text
  } catch {
    return undefined
  }
}

function isStoredFailure (value: unknown): value is StoredFailure {
  return typeof value === 'object' && value !== null &&
    'code' in value && typeof value.code === 'string' &&
    'message' in value && typeof value.message === 'string'
}

/** A status that is none would break the answer, and one of success would make the failure look like a result. */
function isErrorStatus (status: unknown): status is number {
  return typeof status === 'number' && Number.isInteger(status) && status >= 400 && status <= 599
}
