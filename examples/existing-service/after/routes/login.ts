import createError from '@fastify/error'
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { Failure } from '../plugins/errors.js'

const WrongPasswordError = createError('WRONG_PASSWORD', 'The name or the password is wrong', 401)

const passwords = new Map([['alice', 'wonderland'], ['bob', 'builder']])

export default (async app => {
  app.post('/login', {
    schema: {
      operationId: 'login',
      summary: 'Get a token',
      security: [],
      body: Type.Object({ name: Type.String(), password: Type.String() }),
      response: { 200: Type.Object({ token: Type.String() }), '4xx': Failure }
    }
  }, async ({ body: { name, password } }) => {
    if (passwords.get(name) !== password) throw new WrongPasswordError()
    return { token: app.jwt.sign({ name }) }
  })

  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
}) satisfies FastifyPluginAsyncTypebox
