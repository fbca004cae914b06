import { setMaxListeners } from 'node:events'
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import type { JobDefinition } from '../types/definition.js'
import type { AsyncJobsPlugin } from '../types/fastify.js'
import type { JobWorker } from '../types/options.js'
import type { AsyncJobsOptions } from '../types/plugin-options.js'
import type { Processor } from '../types/processor.js'
import { createChecks } from './definition/checks.js'
import { leaseEngine } from './engine/index.js'
import { openJobEvents } from './events/job-events.js'
import { createJobHandle } from './api/handle.js'
import { encodePrefix, resolveBase } from './job/links.js'
import { jobOperations } from './api/operations.js'
import { openJobQueue } from './queue/job-queue.js'
import { lastWorkerOf } from './worker/last-worker.js'
import { resolveOptions } from './http/options.js'
import { registryOf } from './http/registry.js'
import { createCallerOf } from './http/caller.js'
import { countConnections } from './http/connections.js'
import { registerRoutes } from './http/routes.js'
import { createOperationId } from './http/operation-id.js'
import { provideWebSockets } from './http/web-sockets.js'
import { createOutputReader } from './job/stored-output.js'
import { safeLogger } from './worker/safe-logger.js'
import { createExecution, startWorker } from './worker/worker.js'

async function plugin (app: FastifyInstance, given: AsyncJobsOptions & { prefix?: string }): Promise<void> {
  const options = resolveOptions(given, process.env)
  const { job } = options
  const log = safeLogger(app.log)
  // Before the engine is opened: a processor that does not exist should not cost a connection.
  const execution = options.processor === undefined
    ? undefined
    : createExecution(job, options.processor as Processor<JobDefinition> | URL | string, options.worker)
  if (options.connectionDefaulted) {
    app.log.warn(`fastify-async-jobs: no connection for the job "${job.name}": its jobs live in the memory of this process and are gone with it. Pass connection: a redis:// or postgres:// URL`)
  }
  const { engine, release } = await leaseEngine(options.connection, app.server, log, options.schema)
  app.addHook('onClose', release)

  const queue = openJobQueue(engine, job, options.maxPending)
  const events = openJobEvents(engine, job, queue, log)
  const checks = createChecks(job, () => Object.values(app.getSchemas()) as object[])
  const operations = jobOperations(queue, events, options.pollAfter, createOutputReader(checks.output))
  const path = joinPaths(app.prefix, given.prefix ?? '')
  const prefix = encodePrefix(path)
  const base = options.publicUrl + prefix
  registryOf(app).add({
    definition: job,
    handle: createJobHandle<JobDefinition>(checks.submitted, queue, events, operations, { path: prefix, base: options.routes ? base : undefined }),
    prefix: options.routes ? path : undefined,
    worksOn: execution && engine
  })

  const closing = new AbortController()
  // Every stream, every socket and every wait listens to it: so many are no leak.
  setMaxListeners(0, closing.signal)
  const lastWorker = lastWorkerOf(app.server)
  let closeWorker = async (): Promise<void> => {}
  let eventsClosed: Promise<void> | undefined
  // Before the host waits for its connections to end. The order: who waits and watches from outside, the workers, and
  // then the events: a processor may wait for another job as long as it runs.
  app.addHook('preClose', () => {
    closing.abort()
    // What it rejects with is for those who wait until all is closed.
    closeWorker().catch(() => {})
    eventsClosed = lastWorker.closed().then(events.close)
  })
  app.addHook('onClose', async () => {
    await closeWorker()
    await eventsClosed
  })

  if (execution !== undefined) {
    const workerClosed = lastWorker.add()
    let closed: Promise<void> | undefined
    let worker: Pick<JobWorker, 'close'> = execution
    closeWorker = () => (closed ??= worker.close().finally(workerClosed))
    // Jobs may need what the host's other plugins set up: they wait until all have.
    app.addHook('onReady', async () => {
      checks.compile()
      await execution.load()
      worker = startWorker(engine, job, execution, options.worker, log, checks)
    })
  }

  if (options.routes) {
    if (options.websocket) await provideWebSockets(app)
    await app.register(async routes => {
      await registerRoutes(routes, {
        definition: job,
        operations,
        checkInput: checks.submitted,
        options,
        closing: closing.signal,
        prefix: base,
        callerOf: createCallerOf(options.owner, options.publicUrl, prefix.includes(':')
          ? request => resolveBase(prefix, request.params as Record<string, string>)
          : () => prefix),
        connections: countConnections(options.maxConnections),
        operationId: createOperationId(app.server, job.name)
      }, options.errors)
    }, { prefix: given.prefix ?? '' })
  }
}

function joinPaths (outer: string, inner: string): string {
  return `${outer}/${inner}`.replace(/\/{2,}/g, '/').replace(/\/$/, '')
}

/**
 * Registers a job: its routes under `prefix`, its worker, and `app.jobs(job)`.
 * Wrapped, so that the handle is there for the host; the routes are encapsulated.
 */
export const asyncJobs = fp(plugin as FastifyPluginAsync<AsyncJobsOptions>, { name: 'fastify-async-jobs', fastify: '5.x' }) as unknown as AsyncJobsPlugin
