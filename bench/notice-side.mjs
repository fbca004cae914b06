/*
 * One of the two processes of bench/notice.mjs: notice-side.mjs <gateway | worker> <Redis URL>. The gateway sends its
 * port. The worker sends that it is ready, and then for each job the time at which its processor returned.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import Fastify from 'fastify'
import { asyncJobs, createWorker } from 'fastify-async-jobs'
import { analysis } from './analysis.job.mjs'

const [side, connection = ''] = process.argv.slice(2)
if (side === 'gateway') {
  const app = Fastify()
  await app.register(asyncJobs, { job: analysis, prefix: '/analysis', connection })
  await app.listen({ host: '127.0.0.1', port: 0 })
  process.on('disconnect', () => { void app.close() })
  process.send?.(/** @type {import('node:net').AddressInfo} */ (app.server.address()).port)
} else {
  const worker = createWorker(analysis, async ({ text }, { jobId }) => {
    await sleep(Number(text))
    process.send?.({ jobId, at: performance.timeOrigin + performance.now() })
    return { sentiment: 0 }
  }, { connection, concurrency: 100 })
  process.on('disconnect', () => { void worker.close() })
  await worker.ready()
  process.send?.('ready')
}
