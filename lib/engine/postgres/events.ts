import type { PgPoolClient } from 'bullmq'
import type { EngineEvents, QueueEvent } from '../engine.js'

/** The most events that one statement reads. */
const BATCH = 1_000

/**
 * How long a read waits for a notification, in ms: at most, and at first. If several writers commit together, BullMQ
 * notifies only for one of them. So the next read comes soon while transactions are under way.
 */
const LONGEST_PAUSE = 500
const FIRST_PAUSE = 20

/**
 * How long after a read earlier events may still be missing, in ms, even if no transaction was under way. A transaction
 * takes the id of an event before it gets an id of its own, and until then no snapshot shows it.
 */
const SETTLING = 1_000

/**
 * Reads the next events. It also returns what tells whether earlier events may still come: `oldest` is the oldest
 * transaction that still runs, `next` the first that has not begun.
 * $2: the id up to which all events are known, $3: the known ids after that.
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

/**
 * A read that returned events: the last id up to which it returned everything, the first transaction that had not
 * begun, and the time of the read.
 */
interface Read {
  upTo: number
  next: bigint
  at: number
}

/**
 * Reads the events of a queue, in whatever order they are committed. An event gets its id before its transaction
 * commits, so an event with a lower id may appear later. A reader that goes on after the greatest id would miss it. So
 * each read begins at the id below which no transaction can write any more, and leaves out the events that were read
 * before.
 * The first read returns all events that are kept, because nothing tells which of them were committed since a certain
 * moment.
 * @param connect opens a connection of the reader's own
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

  const open = (): Promise<PgPoolClient> => {
    const opening = (async () => {
      const opened = await connect()
      opened.on('notification', ({ payload }) => {
        if (payload !== queueName) return
        notified = true
        wake()
      })
      opened.on('error', () => {
        // An earlier client may fail later: that says nothing of the one that is in use.
        if (client === opening) client = undefined
        wake()
      })
      try {
        await opened.query('LISTEN bullmq_events')
      } catch (error) {
        opened.release()
        throw error
      }
      return opened
    })()
    return opening
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
      // There is always a row: LEFT JOIN.
      const [{ oldest, next, first }] = rows as [Row]
      const events = rows.filter(({ id }) => id !== null)
      for (const { id } of events) {
        seen.add(Number(id))
        greatest = Math.max(greatest, Number(id))
      }
      // If there are more events than fit, the missing ones may have ids between those that were read before.
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
