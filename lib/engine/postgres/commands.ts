import type { PgPool } from 'bullmq'
import { EXPIRED_PAGE, LOG_PAGE, LONGEST_TEXT, PAGE_BYTES, RETENTION_OPTION, SMALL_OUTPUT, stopsOf, type StoreCommands } from '../engine.js'
import { toStoredOptions, type StoredJob, type StoredOutput, type StoredState } from '../../job/stored-job.js'

/*
 * The commands that BullMQ does not have, as SQL statements. Each is atomic, and one round trip. The connection sets
 * the schema. Times are those of the database, because the clocks of processes may be wrong.
 */

/**
 * The name of our workers. They check outputs before they store them. BullMQ stores the name with each job that a
 * worker takes, and no name for workers without one.
 */
export const OUR_WORKER = 'fastify-async-jobs'

const NOW = '(extract(epoch FROM clock_timestamp()) * 1000)::bigint'

/** Up to how many bytes the column of an output is small. It may be compressed: less than `SMALL_OUTPUT`. */
const SMALL_COLUMN = SMALL_OUTPUT / 4

/**
 * Reads one row by its primary key. The statement returns the output only if it is wanted and small.
 * An active job whose lock has run out has lost its worker, so its state is `waiting`. So is that of a job that waits
 * for its children, which only others submit.
 * $3: whether the output is wanted, $4: owner or null.
 */
const READ_JOB = `
SELECT CASE WHEN state = 'waiting-children' OR (state = 'active' AND locked_until_ms <= ${NOW}) THEN 'waiting' ELSE state::text END AS state,
       ${NOW} AS read_at_ms, added_at_ms, process_at_ms, processed_at_ms, finished_at_ms, attempts_made, opts,
       CASE WHEN pg_column_size(progress) <= ${LONGEST_TEXT} THEN progress END AS progress,
       CASE WHEN octet_length(failed_reason) <= ${LONGEST_TEXT} THEN failed_reason END AS failed_reason,
       (SELECT COALESCE(MAX(idx) + 1, 0) FROM job_log WHERE queue = $1 AND job_id = $2) AS logs,
       CASE WHEN $3 AND state = 'completed' AND COALESCE(pg_column_size(return_value), 0) <= ${SMALL_COLUMN} THEN COALESCE(return_value::text, 'null') END AS output, processed_by
  FROM job WHERE queue = $1 AND id = $2 AND ($4::text IS NULL OR opts->>'owner' = $4)`

const READ_LOGS = `
SELECT row FROM (
  SELECT row, idx, COALESCE(sum(octet_length(row)) OVER (ORDER BY idx ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
    FROM (SELECT row, idx FROM job_log WHERE queue = $1 AND job_id = $2 AND idx >= $3 ORDER BY idx LIMIT ${LOG_PAGE}) AS page
) AS said WHERE before < ${PAGE_BYTES} ORDER BY idx`

const READ_OUTPUT = `
SELECT return_value::text AS output, processed_by FROM job
 WHERE queue = $1 AND id = $2 AND state = 'completed' AND return_value IS NOT NULL`

/**
 * Moves a job to the failed ones unless it is final. Its lock goes, so whoever runs it can store nothing any more:
 * BullMQ's own functions and REPORT check the lock.
 * $3: reason for a pending job, $4: reason for a running job or null, $5: the queue of `stopsOf`.
 */
const END_JOB = `
WITH open AS (
  SELECT id, state, state = 'active' AND locked_until_ms > ${NOW} AS running
    FROM job
   WHERE queue = $1 AND id = $2 AND state NOT IN ('completed', 'failed')
     FOR UPDATE
), ended AS (
  UPDATE job
     SET state = 'failed', failed_reason = CASE WHEN running THEN $4::text ELSE $3::text END, finished_at_ms = ${NOW},
         lock_token = NULL, locked_until_ms = NULL, deferred_failure = NULL
    FROM open
   WHERE job.queue = $1 AND job.id = $2 AND (NOT running OR $4::text IS NOT NULL)
  RETURNING failed_reason, running, CASE WHEN running THEN 'active' ELSE 'waiting' END AS prev
)
SELECT publish_event($1, 'failed', jsonb_build_object('jobId', $2::text, 'failedReason', failed_reason, 'prev', prev)),
       CASE WHEN running THEN publish_event($5, 'stop', jsonb_build_object('jobId', $2::text)) END
  FROM ended`

/**
 * Stores progress and log rows of a job as long as it runs under our lock. Rows that are there already are not written
 * again.
 * $3: token, $4: progress or null, $5: index of the first row, $6: rows.
 */
const REPORT = `
WITH owned AS (
  UPDATE job SET progress = COALESCE($4::jsonb, progress)
   WHERE queue = $1 AND id = $2 AND state = 'active' AND lock_token = $3
  RETURNING id
), written AS (
  INSERT INTO job_log (queue, job_id, idx, row)
  SELECT $1, owned.id, $5::bigint + said.number - 1, said.row
    FROM owned, unnest($6::text[]) WITH ORDINALITY AS said (row, number)
  ON CONFLICT DO NOTHING
)
SELECT publish_event($1, CASE WHEN $4::jsonb IS NULL THEN 'output' ELSE 'progress' END,
         jsonb_strip_nulls(jsonb_build_object('jobId', id, 'data', $4::text)))
  FROM owned`

/**
 * Finds expired jobs, the oldest first. The retention of a job that somebody else stored may be anything: only a number
 * counts.
 * $2: state, $3: age in ms, $4: the option with the retention.
 */
const FIND_EXPIRED = `
SELECT id FROM job
 WHERE queue = $1 AND state = $2::job_state AND state IN ('completed', 'failed') AND finished_at_ms <= ${NOW} - $3::bigint
   AND CASE WHEN jsonb_typeof(opts->$4->'age') = 'number' THEN finished_at_ms + (opts->$4->>'age')::numeric * 1000 <= ${NOW} END
 ORDER BY finished_at_ms LIMIT ${EXPIRED_PAGE}`

const LATEST_EVENT = 'SELECT COALESCE(MAX(id), 0) AS id FROM event WHERE queue = $1'

const TRIM_EVENTS = `DELETE FROM event WHERE queue = $1 AND created_at_ms < ${NOW} - $2`

type Millis = string | number | null

interface JobRow {
  state: StoredState
  read_at_ms: string | number
  added_at_ms: string | number
  process_at_ms: Millis
  processed_at_ms: Millis
  finished_at_ms: Millis
  attempts_made: number
  opts: unknown
  progress: unknown
  failed_reason: string | null
  logs: string | number
  /** JSON; null if the output is large, or not wanted. */
  output: string | null
  processed_by: string | null
}

interface OutputRow extends Pick<JobRow, 'processed_by'> {
  output: string
}

/** Makes the commands on all queues, over one pool. */
export function postgresCommands (pool: PgPool): StoreCommands {
  return {
    async now () {
      const { rows } = await pool.query<{ now: string | number }>(`SELECT ${NOW} AS now`)
      return Number(rows[0]?.now)
    },

    async readJob (queueName, jobId, withOutput, owner) {
      const { rows } = await pool.query<JobRow>(READ_JOB, [queueName, jobId, withOutput, owner ?? null])
      return rows[0] && toStoredJob(rows[0], withOutput)
    },

    async readLogs (queueName, jobId, from) {
      const { rows } = await pool.query<{ row: string }>(READ_LOGS, [queueName, jobId, from])
      return rows.map(({ row }) => row)
    },

    async readOutput (queueName, jobId) {
      const { rows } = await pool.query<OutputRow>(READ_OUTPUT, [queueName, jobId])
      return rows[0] && toStoredOutput(rows[0])
    },

    async findExpired (queueName, state, age) {
      const { rows } = await pool.query<{ id: string }>(FIND_EXPIRED, [queueName, state, age, RETENTION_OPTION[state]])
      return rows.map(({ id }) => id)
    },

    async endJob (queueName, jobId, { pending, running }) {
      await pool.query(END_JOB, [queueName, jobId, pending, running ?? null, stopsOf(queueName)])
    },

    async report (queueName, jobId, token, { progress, from, rows: said }) {
      const { rows } = await pool.query(REPORT, [queueName, jobId, token, progress === undefined ? null : JSON.stringify(progress), from, said])
      return rows.length > 0
    },

    async latestEvent (queueName) {
      const { rows } = await pool.query<{ id: string | number }>(LATEST_EVENT, [queueName])
      return String(rows[0]?.id)
    },

    async trimEvents (queueName, age) {
      await pool.query(TRIM_EVENTS, [queueName, age])
    }
  }
}

function toStoredOutput ({ output, processed_by: worker }: OutputRow): StoredOutput {
  return { text: output, checked: worker === OUR_WORKER }
}

function toStoredJob ({ output, ...row }: JobRow, withOutput: boolean): StoredJob {
  return {
    state: row.state,
    timestamp: Number(row.added_at_ms),
    delayedUntil: row.state === 'delayed' ? optionalNumber(row.process_at_ms) : undefined,
    processedOn: optionalNumber(row.processed_at_ms),
    finishedOn: optionalNumber(row.finished_at_ms),
    attemptsMade: row.attempts_made,
    opts: toStoredOptions(row.opts),
    progress: row.progress ?? 0,
    failedReason: row.failed_reason ?? undefined,
    logs: Number(row.logs),
    output: output === null ? undefined : toStoredOutput({ ...row, output }),
    largeOutput: withOutput && row.state === 'completed' && output === null,
    readAt: Number(row.read_at_ms)
  }
}

function optionalNumber (value: Millis): number | undefined {
  return value === null ? undefined : Number(value)
}
