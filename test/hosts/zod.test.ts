import Fastify from 'fastify'
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { asyncJobs } from '../../lib/index.js'
import { listen, submitTo, testHost } from '../helpers/host.js'

/* Its routes have schemas of Zod, the job's are JSON Schema. */
testHost(async (guest, t) => {
  const app = Fastify().withTypeProvider<ZodTypeProvider>()
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  await app.register(asyncJobs, guest)
  app.get('/greetings/:id', { schema: { params: z.object({ id: z.string() }), response: { 200: z.object({ greeting: z.string() }) } } },
    async request => app.jobs(guest.job).wait(request.params.id))
  const host = await listen(app as unknown as Parameters<typeof listen>[0], t)
  const jobId = await submitTo(host, 'return')
  t.strictSame(await (await fetch(new URL(`/greetings/${jobId}`, host.url))).json(), { greeting: 'Hello Ada' })
  return host
})
