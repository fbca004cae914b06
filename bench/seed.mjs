import { randomUUID } from 'node:crypto'
import { Worker } from 'bullmq'

const BATCH = 1_000

/**
 * The ids of the jobs. The waiting ones are in the order in which they were submitted.
 * @typedef {{ waiting: string[], running: string, completed: string }} Seeded
 */

/**
 * Empties Redis, then fills the queue: one job runs, one is completed, the others wait.
 * @param {ReturnType<typeof import('./by-hand.mjs').openQueue>} queue
 * @param {import('ioredis').Redis} redis
 * @param {{ waiting: number, text: string }} jobs
 * @returns {Promise<Seeded>}
 */
export async function seed (queue, redis, { waiting, text }) {
  await redis.flushdb()
  const ids = Array.from({ length: waiting + 2 }, () => randomUUID())
  for (let first = 0; first < ids.length; first += BATCH) {
    await queue.addBulk(ids.slice(first, first + BATCH).map(jobId => ({ name: queue.name, data: { text }, opts: { jobId } })))
  }

  // Without a processor, this code takes the jobs one by one. The lock is longer than any run of the benchmark.
  const worker = new Worker(queue.name, null, { connection: queue.opts.connection, lockDuration: 3_600_000 })
  const running = await worker.getNextJob('bench')
  const completed = await worker.getNextJob('bench')
  await completed?.moveToCompleted({ sentiment: 0.7 }, 'bench', false)
  await worker.close()
  return { waiting: ids.slice(2), running: String(running?.id), completed: String(completed?.id) }
}
