import type { FastifyPluginAsync } from 'fastify'

/** Everything below /api needs a token. */
export default (async app => {
  app.addHook('onRequest', app.authenticate)
}) satisfies FastifyPluginAsync
