/* What a store's error means: that the store cannot run the command now, or never will. */

/** The number with which BullMQ's own scripts and functions refuse; they set it as the error's code. */
function refusalOf (error: unknown): number | undefined {
  const code = (error as { code?: unknown } | undefined)?.code
  return typeof code === 'number' ? code : undefined
}

/** BullMQ's codes for: the job does not exist, has no lock, is not active, has the lock of somebody else. */
const GONE = [-1, -2, -3, -6]

/**
 * Whether an error says that the job is not this attempt's any more: it was ended, moved, or taken by somebody else.
 */
export function isGone (error: unknown): boolean {
  const code = refusalOf(error)
  return code !== undefined && GONE.includes(code)
}

/**
 * Parts of `ERR` answers to scripts that Redis would run at another time. They are about rights that were taken away,
 * and before Redis 7 about all other passing errors, too.
 */
const PASSING = /-(?:OOM|READONLY|MISCONF|NOREPLICAS|NOPERM|LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY) |The user executing the script can't run this command|ACL failure in script/

/** PostgreSQL's classes of errors in values. */
const WRONG_VALUE = /^(?:22|23)\w{3}$/

/**
 * PostgreSQL's class of errors in the statement, without 42501: that is a right that was taken away, and may come back.
 */
const WRONG_STATEMENT = /^42(?!501)\w{3}$/

/** Whether an error is a fault of this code or of stored data, and the store has answered. It is not an outage. */
export function isFault (error: unknown): boolean {
  if (!(error instanceof Error) || refusalOf(error) !== undefined) return true
  if (error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError) return true
  return error.message.startsWith('WRONGTYPE ') || WRONG_VALUE.test(codeOf(error))
}

/** Whether the same command would fail for ever: BullMQ's refusals, wrong types and values, faults of this code. */
export function isForGood (error: unknown): boolean {
  if (isFault(error)) return true
  // Whatever is no Error is a fault.
  const { name, message } = error as Error
  if (name === 'ReplyError') return message.startsWith('ERR ') && !PASSING.test(message)
  return WRONG_STATEMENT.test(codeOf(error))
}

function codeOf (error: unknown): string {
  return String((error as { code?: unknown }).code)
}
