import t, { type Test } from 'tap'
import type { FastifyInstance } from 'fastify'
import { WebSocket, type ClientOptions } from 'ws'
import type { AsyncJobsOptions } from '../../lib/index.js'
import { createJobsClient, type JobsClientOptions } from '../../lib/client/index.js'
import { provideWebSocket } from '../client/socket-server.js'
import { defineGreeting, greet, type Greeting } from '../fixtures/versions/greeting.js'
import { expected, TRANSPORTS, useJobs } from '../fixtures/versions/use-jobs.js'
import { redisUrl, uniqueName } from './engines.js'

/** What a host registers. */
export type Guest = AsyncJobsOptions<Greeting> & { prefix: string }

/** A service that has started. */
export interface Host {
  /** Of the job API, as clients see it. */
  url: string
  close (): Promise<unknown>
  /** What its clients need. */
  client?: JobsClientOptions
  /** What a browser's WebSocket has by itself, such as cookies. */
  socket?: ClientOptions
}

export function createGuest (): Guest {
  return {
    job: defineGreeting(uniqueName()),
    prefix: '/jobs',
    connection: redisUrl(),
    processor: greet,
    worker: { concurrency: 10, closeTimeout: 10 },
    pollAfter: { min: 10, max: 50 }
  }
}

/** Lets clients use the host over each transport, and closes it while a stream is open. */
export function testHost (start: (guest: Guest, t: Test) => Promise<Host>, name = 'host'): void {
  void t.test(name, async t => {
    const guest = createGuest()
    const host = await start(guest, t)
    const { url, close, client, socket = {} } = host
    let closed: Promise<unknown> | undefined
    const closeOnce = (): Promise<unknown> => (closed ??= close())
    t.teardown(closeOnce)
    provideWebSocket(t, class extends WebSocket { constructor (url: string) { super(url, socket) } })

    for (const transport of TRANSPORTS) {
      await t.test(transport, async t => t.strictSame(await useJobs(url, transport, client), expected(transport)))
    }

    await t.test('closes while a client waits', async () => {
      const jobId = await submitTo(host, 'wait')
      const headers = { ...(typeof client?.headers === 'object' && client.headers), accept: 'text/event-stream' }
      const stream = await (client?.fetch ?? fetch)(`${url}/events/${jobId}`, { headers })
      const told = stream.text().catch(() => {})
      await closeOnce()
      await told
    })
  })
}

/** Submits a job as a client does. Resolves to its id. */
export async function submitTo ({ url, client }: Host, then: 'return' | 'wait'): Promise<string> {
  const { id } = await createJobsClient<Greeting>(url, client).submit({ name: 'Ada', then })
  return id
}

/** Has Fastify listen. It closes with the test at the latest. */
export async function listen (app: FastifyInstance, t: Test): Promise<Host> {
  t.teardown(() => app.close())
  return { url: `${await app.listen({ port: 0, host: '127.0.0.1' })}/jobs`, close: () => app.close() }
}
