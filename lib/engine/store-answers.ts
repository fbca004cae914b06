/* What a store's error says: that it cannot do it now, or that it never will. */

/** What BullMQ's own scripts and functions answer with: a number as the error's code. */
function refusalOf (error: unknown): number | undefined {
  const code = (error as { code?: unknown } | undefined)?.code
  return typeof code === 'number' ? code : undefined
}

/** Of BullMQ's codes: the job does not exist, has no lock, is not active, has the lock of somebody else. */
const GONE = [-1, -2, -3, -6]

/** Whether the job is not this attempt's any more: ended, moved, or somebody else's. */
export function isGone (error: unknown): boolean {
  const code = refusalOf(error)
  return code !== undefined && GONE.includes(code)
}

/** What a Redis says of a script under `ERR` although it would run it at another time: rights that were taken away, and before Redis 7 all else. */
const PASSING = /-(?:OOM|READONLY|MISCONF|NOREPLICAS|NOPERM|LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY) |The user executing the script can't run this command|ACL failure in script/

/** PostgreSQL's classes of errors in values. */
const WRONG_VALUE = /^(?:22|23)\w{3}$/

/** Its class of errors in the statement; 42501 is a right that was taken away, and may come back. */
const WRONG_STATEMENT = /^42(?!501)\w{3}$/

/** Whether the store has answered, and what is wrong is this code, or what is stored: no outage. */
export function isFault (error: unknown): boolean {
  if (!(error instanceof Error) || refusalOf(error) !== undefined) return true
  if (error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError) return true
  return error.message.startsWith('WRONGTYPE ') || WRONG_VALUE.test(codeOf(error))
}

/** Whether the same question would get the same answer for ever: BullMQ's refusals, wrong types and values, faults of our own. */
export function isForGood (error: unknown): boolean {
  if (isFault(error)) return true
  const { name, message } = error as Error
  if (name === 'ReplyError') return message.startsWith('ERR ') && !PASSING.test(message)
  return WRONG_STATEMENT.test(codeOf(error))
}

function codeOf (error: unknown): string {
  return String((error as { code?: unknown }).code)
}
