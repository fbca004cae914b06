/** An object that becomes null in JSON, and is not null. */
const NULL = Object.freeze({ toJSON: () => null })

/**
 * Keeps job data that is null. `pg` returns JSON's null as null, and BullMQ takes that for missing data and replaces it
 * by `{}`. So this function puts an object in its place that becomes null again in JSON.
 */
export function keepNull<Answer extends { rows: unknown[] }> (answer: Answer): Answer {
  for (const row of answer.rows as Array<{ data?: unknown }>) if (row.data === null) row.data = NULL
  return answer
}
