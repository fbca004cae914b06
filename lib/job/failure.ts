import type { JobFailure } from '../../types/job.js'
import { shortened } from '../base/text-of.js'
import { readThrown, type Thrown } from '../base/thrown.js'

/** The `failedReason` that BullMQ stores for a job whose worker died too often. */
const STALLED_REASON = 'job stalled more than allowable limit'

const STALLED: JobFailure = { code: 'STALLED', message: 'The worker that ran the job died, more often than is allowed.' }
const PROCESSOR_ERROR: JobFailure = { code: 'PROCESSOR_ERROR', message: 'The job failed for an internal reason.' }

/**
 * The longest message that is stored, in UTF-16 code units. It is limited because some tools put their whole output
 * into messages, and each status answer reads the message.
 */
export const MAX_MESSAGE = 8_192

/** The longest code that is stored, in UTF-16 code units. */
const MAX_CODE = 256

/** The longest JSON of a failure that is stored with its data, in UTF-16 code units. A longer one loses the data. */
const MAX_FAILURE = 16_384

/**
 * The prefix of a `failedReason` that clients may see. The JSON of the failure follows. Workers in other languages may
 * write it too.
 */
const MARK = 'JobError '

/**
 * The prefixes of a `failedReason` that have a meaning. Only a JobError is shown to clients, and only BullMQ reports
 * stalled jobs. So another error whose message begins like that gets a prefix of its own.
 */
const MEANINGFUL = [MARK, STALLED_REASON, 'bullmq:']

/** A failure as it is stored. */
export interface StoredFailure extends JobFailure {
  /** The HTTP status that `GET /result` answers with. */
  status?: number
}

/** Makes the `failedReason` that BullMQ stores for a value that a processor threw. */
export function toFailedReason (thrown: unknown): string {
  return failedReasonOf(readThrown(thrown))
}

/** Like `toFailedReason`, for a thrown value that was read already. */
export function failedReasonOf ({ message, jobError }: Thrown): string {
  const text = shortened(message, MAX_MESSAGE)
  if (jobError === undefined) return MEANINGFUL.some(start => text.startsWith(start)) ? `Error: ${text}` : text
  const { data, status } = jobError
  const failure = { code: shortened(jobError.code, MAX_CODE), message: text, status }
  return MARK + (tryStringify({ ...failure, data }) ?? JSON.stringify(failure))
}

/** Makes the failure that clients may see of a stored `failedReason`. */
export function fromFailedReason (reason: string | undefined): StoredFailure {
  if (reason === STALLED_REASON) return STALLED
  if (!reason?.startsWith(MARK)) return PROCESSOR_ERROR
  try {
    const failure: unknown = JSON.parse(reason.slice(MARK.length))
    if (!isStoredFailure(failure)) return PROCESSOR_ERROR
    return { ...publicFailure(failure), ...(isErrorStatus(failure.status) && { status: failure.status }) }
  } catch {
    // A worker in another language wrote the mark, but no JSON after it.
    return PROCESSOR_ERROR
  }
}

/** The failure without `status`, which clients do not see as a field: it is the status of the answer. */
export function publicFailure ({ code, message, data }: StoredFailure): JobFailure {
  return { code, message, ...(data !== undefined && { data }) }
}

/** Returns undefined if the data is not JSON or too long. Then the failure is stored without it. */
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

/** A number that is no HTTP status would break the answer. A 2xx would make the failure look like a result. */
function isErrorStatus (status: unknown): status is number {
  return typeof status === 'number' && Number.isInteger(status) && status >= 400 && status <= 599
}
