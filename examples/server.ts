import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import { asyncJobs } from 'fastify-async-jobs'
import Fastify from 'fastify'
import { analysis } from './analysis/analysis.job.js'
import { analyse } from './analysis/analyse.js'

const t0 = performance.now()
const mode = process.env['MODE']
const app = Fastify({ bodyLimit: 8 << 20, logger: { level: 'warn' } })
await app.register(swagger, { openapi: { openapi: '3.1.0', info: { title: 'x', version: '1' } } })
await app.register(swaggerUi, { routePrefix: '/docs' })
await app.register(asyncJobs, {
  job: analysis, prefix: '/api/v1/analysis',
  connection: process.env['REDIS_URL'] ?? process.env['CONN'] ?? 'file:.data/analysis',
  processor: mode === 'inline' ? analyse : new URL('./analysis/analyse.js', import.meta.url)
})
console.log('registered', performance.now() - t0)
await app.listen({ port: Number(process.env['PORT'] ?? 3000) })
console.log('listening', performance.now() - t0, performance.now())
process.once('SIGTERM', () => void app.close())
process.once('SIGINT', () => void app.close())
