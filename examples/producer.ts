import Fastify from 'fastify'
import { asyncJobs } from 'fastify-async-jobs'
import { analysis } from './analysis/analysis.job.js'

/*
 * The job API alone: it takes jobs, and answers requests about them. Workers in other processes run them, see
 * worker.ts.
 */

const app = Fastify({ logger: { level: 'warn' }, bodyLimit: 13_000_000 })

await app.register(asyncJobs, {
  job: analysis,
  prefix: '/api/v1/analysis',
  connection: process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379'
})

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => { void app.close() })
const address = await app.listen({ host: 'localhost', port: Number(process.env['PORT'] ?? 3000) })
console.log(`Takes jobs at ${address}/api/v1/analysis`)
