import { Type } from '@fastify/type-provider-typebox'
import type { FastifyError } from 'fastify'
import fp from 'fastify-plugin'

/** The form of all errors of this service. */
export const Failure = Type.Object({
  failure: Type.Object({ code: Type.String(), message: Type.String(), requestId: Type.String() })
})

export default fp(async app => {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const status = error.statusCode ?? 500
    if (status >= 500) request.log.error(error)
    return reply.code(status).send({ failure: { code: error.code, message: error.message, requestId: request.id } })
  })
})
