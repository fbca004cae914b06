import type { PgPoolClient } from 'bullmq'
import type { EngineEvents, QueueEvent } from '../engine.js'

/** The most events that are read at a time. */
const BATCH = 1_000

/**
 * How long a read waits for a notification, in ms. Of several writers that commit together, BullMQ notifies only for
 * one: while there are writers under way, the next read comes soon.
 */
const LONGEST_PAUSE = 500
const FIRST_PAUSE = 20

/** How long what has been read is not taken for all there is up to it, in ms: an event has its id before its transaction has one. */
const SETTLING = 1_000

/**
 * The next events, with what tells which may still come before them: `oldest` is the first transaction that goes on,
 * `next` the first that has not begun. $2: the id up to which all is known, $3: what is known beyond that.
 */
const READ = `
SELECT pg_snapshot_xmin(snapshot)::text AS oldest, pg_snapshot_xmax(snapshot)::text AS next, kept.first, said.*
  FROM (SELECT pg_current_snapshot() AS snapshot) AS now
 CROSS JOIN (SELECT min(id) AS first FROM event WHERE queue = $1) AS kept
  LEFT JOIN (SELECT id, event, data->>'jobId' AS job_id FROM event
              WHERE queue = $1 AND id > $2 AND id NOT IN (SELECT unnest($3::bigint[]))
              ORDER BY id LIMIT ${BATCH}) AS said ON true`

interface Row {
  oldest: string
  next: string
  first: string | number | null
  id: string | number | null
  event: string
  job_id: string | null
}

/** Up to where all was read in a moment, and the first transaction that had not begun then. */
interface Read {
  upTo: number
  next: bigint
  at: number
}

/**
 * Reads the events of a queue, whatever the order in which they are committed: ids are given earlier. Who reads on from
 * the greatest one misses those that come late. So each read goes back to where no transaction can write any more, and
 * leaves out what was read before.
 * All that is kept is told at first: which of it was committed since somebody looked, nothing tells.
 * @param connect a connection of its own
 */
export function readPostgresEvents (queueName: string, connect: () => Promise<PgPoolClient>): EngineEvents {
  const seen = new Set<number>()
  const reads: Read[] = []
  let settled = 0
  let greatest = 0
  let client: Promise<PgPoolClient> | undefined
  let closed = false
  let notified = false
  let pause = FIRST_PAUSE
  let wake = (): void => {}

  const open = async (): Promise<PgPoolClient> => {
    const opened = await connect()
    opened.on('notification', ({ payload }) => {
      if (payload !== queueName) return
      notified = true
      wake()
    })
    opened.on('error', () => {
      client = undefined
      wake()
    })
    await opened.query('LISTEN bullmq_events')
    return opened
  }

  const letGo = (): void => {
    const leaving = client
    client = undefined
    leaving?.then(opened => { opened.release() }, () => {})
  }

  const settle = (oldest: bigint, first: number): void => {
    const now = performance.now()
    while (reads[0] !== undefined && reads[0].next <= oldest && reads[0].at + SETTLING <= now) settled = Math.max(settled, (reads.shift() as Read).upTo)
    for (const id of seen) if (id <= settled || id < first) seen.delete(id)
  }

  const ask = async (): Promise<QueueEvent[]> => {
    notified = false
    try {
      const { rows } = await (await (client ??= open())).query<Row>(READ, [queueName, settled, [...seen]])
      const [{ oldest, next, first }] = rows as [Row]
      const events = rows.filter(({ id }) => id !== null)
      for (const { id } of events) {
        seen.add(Number(id))
        greatest = Math.max(greatest, Number(id))
      }
      // Where there are more, they may be between others that were read before.
      if (events.length > 0) reads.push({ upTo: events.length < BATCH ? greatest : Number(events.at(-1)?.id), next: BigInt(next), at: performance.now() })
      settle(BigInt(oldest), first === null ? Infinity : Number(first))
      pause = events.length > 0 ? FIRST_PAUSE : oldest === next ? LONGEST_PAUSE : Math.min(pause * 2, LONGEST_PAUSE)
      return events.map(({ id, event, job_id: jobId }) => ({ id: String(id), event, jobId: jobId ?? undefined }))
    } catch (error) {
      letGo()
      throw error
    }
  }

  const wait = (): Promise<void> => new Promise(resolve => {
    const timer = setTimeout(resolve, pause)
    wake = () => {
      clearTimeout(timer)
      resolve()
    }
    if (notified || closed) wake()
  })

  return {
    async read () {
      const events = await ask()
      if (events.length > 0 || closed) return events
      await wait()
      return closed ? [] : await ask()
    },
    async close () {
      closed = true
      wake()
      letGo()
    }
  }
}
