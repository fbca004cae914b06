import { toStoredOptions, type StoredJob, type StoredOutput, type StoredState, type UnreadableJob } from '../../job/stored-job.js'

/**
 * The mark before the JSON of an output that our worker has checked. JSON parsers ignore the space. The mark is part of
 * the stored output, so it goes when somebody else stores another output.
 */
export const CHECKED = ' '

/** Stands for an output that is not small. It is not JSON, so no output is equal to it. */
export const LARGE = 'large'

type Text = string | null
/** The answer of the script READ_JOB. */
export type JobReply = [state: StoredState, due: Text, logs: number, output: Text, now: number, timestamp: string, processedOn: Text, finishedOn: Text, attemptsMade: Text, opts: Text, progress: string, failedReason: string]
export type UnreadableReply = [state: 'unreadable', reason: string]

export function toStoredJob ([state, due, logs, output, now, timestamp, processedOn, finishedOn, attemptsMade, opts, progress, failedReason]: JobReply, withOutput: boolean): StoredJob | UnreadableJob {
  const submittedAt = toNumber(timestamp)
  if (submittedAt === undefined) return { state: 'unreadable', reason: 'its timestamp is no number' }
  const dueAt = toNumber(due)
  return {
    state,
    timestamp: submittedAt,
    // The score holds the time in ms, and in its lower 12 bits the order of jobs with the same time.
    delayedUntil: dueAt === undefined ? undefined : Math.floor(dueAt / 0x1000),
    processedOn: toNumber(processedOn),
    finishedOn: toNumber(finishedOn),
    attemptsMade: toNumber(attemptsMade) ?? 0,
    opts: toStoredOptions(parse(opts)),
    progress: parse(progress) ?? 0,
    failedReason: failedReason === '' ? undefined : failedReason,
    logs,
    output: withOutput && state === 'completed' && output !== LARGE ? toStoredOutput(output) : undefined,
    largeOutput: output === LARGE,
    readAt: now
  }
}

/** Reads a stored output. Workers in other languages may store none at all. */
export function toStoredOutput (text: Text): StoredOutput {
  if (text === null) return { text: 'null', checked: false }
  return text.startsWith(CHECKED) ? { text: text.slice(CHECKED.length), checked: true } : { text, checked: false }
}

function toNumber (text: Text): number | undefined {
  const number = Number(text ?? NaN)
  return Number.isFinite(number) ? number : undefined
}

/** Undefined if the text is not JSON: somebody else may have stored it. */
function parse (text: Text): unknown {
  try {
    return JSON.parse(String(text))
  } catch {
    return undefined
  }
}
