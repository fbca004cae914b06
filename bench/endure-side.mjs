/*
 * One of the two processes of bench/endure.mjs: endure-side.mjs <gateway | worker> <Redis URL>. The gateway first sends
 * its port, the worker that it is ready. Each then answers every message with its memory use after a garbage
 * collection.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import Fastify from 'fastify'
import { asyncJobs, createWorker } from 'fastify-async-jobs'
import { MAX_PENDING, work } from './endure.job.mjs'

const [side, connection = ''] = process.argv.slice(2)
if (side === 'gateway') {
  const app = Fastify()
  await app.register(asyncJobs, {
    job: work, prefix: '/work', connection, maxPending: MAX_PENDING, owner: ({ headers }) => String(headers['x-user'])
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  process.on('disconnect', () => { void app.close() })
  process.send?.(/** @type {import('node:net').AddressInfo} */ (app.server.address()).port)
} else {
  const worker = createWorker(work, async ({ text }, { write }) => {
    await sleep(20)
    await write('half')
    return { text: text.toUpperCase() }
  }, { connection, concurrency: 200 })
  process.on('disconnect', () => { void worker.close() })
  await worker.ready()
  process.send?.('ready')
}

process.on('message', () => {
  for (let times = 0; times < 3; times++) globalThis.gc?.()
  process.send?.(process.memoryUsage())
})
