/*
 * One of the two servers, in a process of its own: server.mjs <plugin | by hand> <Redis URL>. It sends its port to the
 * process that forks it, and then answers every message with the CPU time that it has taken so far.
 */
import Fastify from 'fastify'
import { asyncJobs } from 'fastify-async-jobs'
import { analysis } from './analysis.job.mjs'
import { byHand } from './by-hand.mjs'

const [side, connection = ''] = process.argv.slice(2)
const app = Fastify()
if (side === 'plugin') await app.register(asyncJobs, { job: analysis, prefix: '/analysis', connection })
else await app.register(byHand, { prefix: '/analysis', connection })

await app.listen({ host: '127.0.0.1', port: 0 })
process.on('message', () => process.send?.(process.cpuUsage()))
process.on('disconnect', () => { void app.close() })
const { port } = /** @type {import('node:net').AddressInfo} */ (app.server.address())
process.send?.(port)
