import { availableParallelism } from 'node:os'
import { createWorker } from 'fastify-async-jobs/worker'
import { analysis } from './analysis/analysis.job.js'

/* Runs the jobs that producer.ts takes. Start as many of these, on as many machines, as there is work for. */

const concurrency = availableParallelism()

const worker = createWorker(analysis, new URL('./analysis/analyse.js', import.meta.url), {
  connection: process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379',
  // Each job in a thread of its own, so as many as there are cores.
  concurrency
})

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => { void worker.close() })
// Not awaited: while Redis is away this takes as long as that, and the worker can be ended all the same.
void worker.ready().then(() => { console.log(`Runs ${analysis.name} jobs, ${concurrency} at a time`) })
