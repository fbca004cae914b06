import jwt from '@fastify/jwt'
import type { FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'

declare module 'fastify' {
  interface FastifyInstance {
    authenticate (request: FastifyRequest): Promise<void>
  }
}

/** `app.authenticate`: lets in who has a token. */
export default fp((async app => {
  await app.register(jwt, { secret: process.env['JWT_SECRET'] ?? 'only for this example' })
  app.decorate('authenticate', async request => { await request.jwtVerify() })
}) satisfies FastifyPluginAsync)
