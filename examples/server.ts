import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import fastifyStatic from '@fastify/static'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import Fastify from 'fastify'
import { asyncJobs } from 'fastify-async-jobs'
import { analysis } from './analysis/analysis.job.js'

const host = process.env['HOST'] ?? 'localhost'
const port = Number(process.env['PORT'] ?? 3000)
// Check this before anything is opened: a second service must not open the data directory of the first.
await assertFree()
await mkdir('.data', { recursive: true })

const app = Fastify({
  // Logs nothing while all is well.
  logger: { level: process.env['LOG_LEVEL'] ?? 'warn' },
  // The longest text fits, even if its JSON escapes every character.
  bodyLimit: 13_000_000,
  // With its defaults, Fastify's validator would turn the 5 of `{"text": 5}` into a text, and drop a misspelt field.
  ajv: { customOptions: { coerceTypes: false, removeAdditional: false } }
})

await app.register(swagger, {
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'Text analysis',
      version: '1.0.0',
      description: 'Reads English texts up to the length of a book: **submit** a text, follow its **status**, get the **result**.',
      license: { name: 'MIT', identifier: 'MIT' }
    },
    servers: [{ url: '/', description: 'This service' }],
    tags: [{ name: 'analysis', description: 'Submit a text → follow its status → get its result' }],
    security: []
  }
})
await app.register(swaggerUi, { routePrefix: '/docs' })

// The page, which the build has bundled, and the books that it offers.
await app.register(fastifyStatic, {
  root: new URL('./web', import.meta.url),
  allowedPath: path => !path.endsWith('.d.ts'),
  setHeaders: reply => { void reply.header('content-security-policy', "default-src 'self'") }
})
await app.register(fastifyStatic, { root: new URL('../../examples/texts', import.meta.url), prefix: '/texts/', decorateReply: false })

await app.register(asyncJobs, {
  job: analysis,
  prefix: '/api/v1/analysis',
  // With a directory, jobs outlive the process, and a start takes 1 to 2 s. With `memory:`, each start takes 4 s.
  connection: process.env['REDIS_URL'] ?? `file:.data/${port}`,
  // A module runs in a thread of its own. A function would share this thread with the embedded engine: a book would
  // take twice as long, and other requests would wait for up to 80 ms instead of 20.
  processor: new URL('./analysis/analyse.js', import.meta.url),
  // After a stop, the prompt is back after a second, and the next process runs the jobs. After a kill, the next
  // process takes them over some seconds after its start.
  worker: { concurrency: 3, closeTimeout: 1_000, lockDuration: 5_000 }
})

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => { void app.close() })
await app.listen({ host, port })
welcome((app.server.address() as AddressInfo).port)

function welcome (port: number): void {
  const api = `${host}:${port}/api/v1/analysis`
  console.log(`
Text analysis: http://${host}:${port}
Its documentation: http://${host}:${port}/docs
In another shell, from the root of the repository:

  job=$(curl -s ${api} -H 'content-type: application/json' -d @examples/texts/alice-in-wonderland.json); echo "$job"; id=$(echo "$job" | cut -d '"' -f 4)
  curl -s ${api}/status/$id; echo
  curl -sf --retry 9 --retry-all-errors ${api}/result/$id; echo
`)
}

async function assertFree (): Promise<void> {
  const probe = createServer().listen(port, host)
  try {
    await once(probe, 'listening')
    await once(probe.close(), 'close')
  } catch (error) {
    console.error(`${host}:${port} cannot be used: ${(error as Error).message}\nTry another port: PORT=3001 npm start`)
    process.exit(1)
  }
}
