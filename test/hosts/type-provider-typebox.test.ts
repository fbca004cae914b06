import { TypeBoxValidatorCompiler, type TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify from 'fastify'
import { asyncJobs } from '../../lib/index.js'
import { listen, testHost } from '../helpers/host.js'

/* Its validator is TypeBox's own compiler, which takes nothing but TypeBox. */
testHost(async (guest, t) => {
  const app = Fastify().withTypeProvider<TypeBoxTypeProvider>().setValidatorCompiler(TypeBoxValidatorCompiler)
  await app.register(asyncJobs, guest)
  return listen(app as unknown as Parameters<typeof listen>[0], t)
})
