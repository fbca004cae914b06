/** What JSON has as null, although it is not. */
const NULL = Object.freeze({ toJSON: () => null })

/** BullMQ takes a job without data for one whose data is `{}`. A job's data that is JSON's null is null for the driver, too. */
export function keepNull<Answer extends { rows: unknown[] }> (answer: Answer): Answer {
  for (const row of answer.rows as Array<{ data?: unknown }>) if (row.data === null) row.data = NULL
  return answer
}
