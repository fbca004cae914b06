import { availableParallelism } from 'node:os'
import { createWorker } from 'fastify-async-jobs/worker'
import { analysis } from './analysis/analysis.job.js'

/* Runs the jobs that producer.ts takes. Start as many of these, on as many machines, as you need. */

const concurrency = availableParallelism()

const worker = createWorker(analysis, new URL('./analysis/analyse.js', import.meta.url), {
  connection: process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379',
  // Each job runs in a thread of its own. Run as many as there are cores.
  concurrency
})

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => { void worker.close() })
// Do not await `ready`: it waits while Redis is away, and the worker must end on a signal even then.
void worker.ready().then(() => { console.log(`Runs ${analysis.name} jobs, ${concurrency} at a time`) })
