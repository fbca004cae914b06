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
  // This comes before the engine is opened, so that a processor that does not exist costs no connection. The cast drops
  // the job's own types: from here on, its schemas check all values.
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
  // Every stream, every socket and every wait listens to this signal. Above ten listeners, Node would warn of a leak.
  setMaxListeners(0, closing.signal)
  const lastWorker = lastWorkerOf(app.server)
  let closeWorker = async (): Promise<void> => {}
  let eventsClosed: Promise<void> | undefined
  // preClose runs before Fastify waits for its connections to end. First end the waits and streams of clients, then the
  // workers, and the events last: while a processor runs, it may wait for another job.
  app.addHook('preClose', () => {
    closing.abort()
    // A rejection reaches onClose, which awaits the same promise.
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
    // Processors may need what other plugins set up. So the worker starts when all plugins are ready.
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
 * fastify-plugin makes `app.jobs` visible to the app that registers it. The routes have an encapsulated instance.
 * The cast to `AsyncJobsPlugin` adds a brand that exists only for the compiler.
 * @throws `OPTION_INVALID`, `EMBEDDED_IN_PRODUCTION`, `PROCESSOR_MODULE`, `PREFIX_TAKEN`, `JOB_TWICE`,
 * `PROCESSOR_TWICE`, and what the engine throws if it cannot be opened
 */
export const asyncJobs = fp(plugin as FastifyPluginAsync<AsyncJobsOptions>, { name: 'fastify-async-jobs', fastify: '5.x' }) as unknown as AsyncJobsPlugin
