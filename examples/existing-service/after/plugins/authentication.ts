import jwt from '@fastify/jwt'
import type { FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'

declare module 'fastify' {
  interface FastifyInstance {
    authenticate (request: FastifyRequest): Promise<void>
  }
}

/** Adds `app.authenticate`, which lets in requests with a valid token. */
export default fp((async app => {
  await app.register(jwt, { secret: process.env['JWT_SECRET'] ?? 'only for this example' })
  app.decorate('authenticate', async request => { await request.jwtVerify() })
}) satisfies FastifyPluginAsync)
