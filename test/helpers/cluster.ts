import { Agent, request } from 'node:http'
import { Redis } from 'ioredis'
import type { Job } from '../../lib/index.js'
import type { Script } from '../fixtures/cluster/job.js'
import type { WorkerSettings } from '../fixtures/cluster/worker.js'
import { freePort } from '../../scripts/server-process.mjs'
import { createMarks } from './marks.js'
import { startGateway, startWorker, type Gateway, type Scope, type Worker } from './processes.js'
import { startRedis, type RedisServer } from './redis-server.js'

export type { Gateway, Worker } from './processes.js'

/** A Redis, processes that only serve, and processes that only work. All of it ends with the test. */
export interface Cluster {
  gateways: [Gateway, Gateway]
  workers: Worker[]
  server: RedisServer
  /** A client of the Redis, under which nothing is cut. */
  redis: Redis
  /** Resolves when the job has written so many chunks, in all attempts together. */
  steps (jobId: string, count: number): Promise<void>
  /** Resolves when the job's signal has aborted: to when that was. */
  aborted (jobId: string): Promise<number>
  /** Resolves when the job has returned: to when that was. */
  returned (jobId: string): Promise<number>
  /** Tells a job to return. */
  go (jobId: string): void
  /** Starts one more. */
  addWorker (settings?: WorkerSettings): Worker
  /** Cuts all connections of the gateways, or the workers, to Redis. Resolves to how many there were. */
  cut (name?: 'gateway' | 'worker'): Promise<number>
}

export interface ClusterOptions extends WorkerSettings {
  workers?: number
  /** More of redis-server's own. */
  redis?: string[]
}

/** As a store that loses nothing it has acknowledged. */
export const DURABLE = ['--appendonly', 'yes', '--appendfsync', 'always']

export async function startCluster (scope: Scope, { workers = 2, redis: args = [], ...settings }: ClusterOptions = {}): Promise<Cluster> {
  const server = await startRedis({ args })
  scope.teardown(() => server.stop())
  const redis = new Redis(server.url)
  // Those that kill the Redis expect it.
  redis.on('error', () => {})
  scope.teardown(() => { redis.disconnect() })
  const marks = createMarks()
  const addWorker = (more: WorkerSettings = {}): Worker => {
    const worker = startWorker(scope, server.port, { ...settings, ...more }, marks)
    working.push(worker)
    return worker
  }
  const working: Worker[] = []
  const [first, second] = await Promise.all([
    startGateway(scope, server.port, await freePort()),
    startGateway(scope, server.port, await freePort()),
    ...Array.from({ length: workers }, () => addWorker().ready)
  ])
  return {
    gateways: [first, second],
    workers: working,
    server,
    redis,
    addWorker,
    steps: async (jobId, count) => { await marks.reached(`step ${count} ${jobId}`) },
    aborted: jobId => marks.reached(`aborted ${jobId}`),
    returned: jobId => marks.reached(`returns ${jobId}`),
    go (jobId) { for (const worker of working) worker.send({ go: jobId }) },
    async cut (name = 'gateway') {
      const clients = String(await redis.client('LIST')).split('\n').filter(line => line.includes(` name=${name} `))
      await Promise.all(clients.map(line => redis.client('KILL', 'ID', /id=(\d+)/.exec(line)?.[1] as string)))
      return clients.length
    }
  }
}

export interface Reply<Body = unknown> {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: Body
}

const agent = new Agent({ keepAlive: true })

/** A request to a gateway. Rejects where the connection breaks. */
export async function call<Body = Record<string, unknown>> (
  { origin }: Pick<Gateway, 'origin'>, method: 'GET' | 'POST', path: string, { body, headers, signal }: { body?: unknown, headers?: Record<string, string>, signal?: AbortSignal } = {}
): Promise<Reply<Body>> {
  return await new Promise((resolve, reject) => {
    const sent = request(`${origin}/jobs${path}`, { method, agent, ...(signal && { signal }), headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers } }, response => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', chunk => { text += chunk })
      response.on('end', () => { resolve({ status: response.statusCode as number, headers: response.headers, body: (text === '' ? undefined : JSON.parse(text)) as Body }) })
      response.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

/** Asks again as long as the store, or the gateway, is away. */
export async function persist<Body> (ask: () => Promise<Reply<Body>>): Promise<Reply<Body>> {
  for (;;) {
    const reply = await ask().catch(() => undefined)
    if (reply !== undefined && reply.status !== 503) return reply
    await pause()
  }
}

/** As a client does between two tries, for less time. */
export function pause (): Promise<void> {
  return new Promise(resolve => { setTimeout(resolve, 50) })
}

export async function submit (gateway: Gateway, script: Partial<Script>): Promise<string> {
  const { status, body } = await persist(() => call<Job>(gateway, 'POST', '', { body: { chunks: 0, ...script } }))
  if (status !== 202) throw new Error(`The job was not accepted: ${JSON.stringify(body)}`)
  return body.jobId
}

const FINAL = ['completed', 'failed', 'canceled']

export function isFinalJob ({ status }: Job): boolean {
  return FINAL.includes(status)
}

/** The job when it is final: one long poll after the other. */
export async function final (gateway: Pick<Gateway, 'origin'>, jobId: string): Promise<Job> {
  for (;;) {
    const { status, body } = await persist(() => call<Job>(gateway, 'GET', `/status/${jobId}?wait=30`))
    if (status !== 200) throw new Error(`The job cannot be read: ${JSON.stringify(body)}`)
    if (isFinalJob(body)) return body
  }
}
