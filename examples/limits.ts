import rateLimit from '@fastify/rate-limit'
import underPressure from '@fastify/under-pressure'
import Fastify, { type FastifyRequest } from 'fastify'
import { asyncJobs } from 'fastify-async-jobs'
import { analysis } from './analysis/analysis.job.js'

/* A service that strangers may call. Callers need a key. There are limits for each user, and for all users together. */

/** The user of each API key. A real service looks keys up, and stores only their hashes. */
const users = new Map([['key-of-alice', 'alice'], ['key-of-bob', 'bob']])

const userOf = ({ headers: { authorization } }: FastifyRequest): string | undefined =>
  users.get(authorization?.replace('Bearer ', '') ?? '')

const app = Fastify({ logger: { level: 'warn' }, bodyLimit: 13_000_000 })

app.addHook('onRequest', async (request, reply) => {
  if (userOf(request) === undefined) return await reply.code(401).send({ error: 'Send an API key: authorization: Bearer …' })
})

// While this process cannot keep up, everybody gets a 503, before anything is parsed.
await app.register(underPressure, { maxEventLoopDelay: 500, retryAfter: 5 })

// 10 submissions a minute for each user. Other requests are cheap.
await app.register(rateLimit, {
  timeWindow: 60_000,
  max: 10,
  // The hook above has refused requests without a user.
  keyGenerator: request => userOf(request) as string,
  allowList: request => request.method !== 'POST' || request.url.includes('/cancel/')
})

await app.register(asyncJobs, {
  job: analysis,
  prefix: '/api/v1/analysis',
  connection: process.env['REDIS_URL'],
  // Only the submitter can see a job.
  owner: request => userOf(request) as string,
  // How many streams, WebSockets and waiting requests each user may have open.
  maxConnections: 20,
  // How many jobs of all users may wait. Further ones would wait longer than anybody does.
  maxPending: Number(process.env['MAX_PENDING'] ?? 1_000),
  // The origins whose pages may watch over a WebSocket.
  allowedOrigins: ['https://app.example.com']
})

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => { void app.close() })
console.log(`Limits at ${await app.listen({ host: 'localhost', port: Number(process.env['PORT'] ?? 3000) })}/api/v1/analysis`)
