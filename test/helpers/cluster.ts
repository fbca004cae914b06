import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import type { Test } from 'tap'
import type { Job } from '../../lib/index.js'
import type { GatewayMessage, GatewayOrder } from '../fixtures/cluster/gateway.js'
import type { Script } from '../fixtures/cluster/job.js'
import type { WorkerMessage, WorkerOrder } from '../fixtures/cluster/worker.js'
import { startRedis, type RedisServer } from './redis-server.js'

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
  /** Cuts all connections of the gateways to Redis. */
  cut (): Promise<void>
}

export interface Gateway {
  origin: string
  port: number
  /** Resident memory after a garbage collection, in bytes. */
  memory (): Promise<number>
  /** How many requests have arrived. */
  requests (): Promise<number>
  /** Closes the app. Resolves to how long that took, in ms. */
  close (): Promise<number>
  /** Resolves when the gateway has let go of the connection of a client's port. */
  disconnected (port: number): Promise<void>
}

type Worker = ChildProcess

export async function startCluster (t: Test, { workers = 2, concurrency = 50 }: { workers?: number, concurrency?: number } = {}): Promise<Cluster> {
  const server = await startRedis()
  t.teardown(() => server.stop())
  const redis = new Redis(server.url)
  t.teardown(() => { redis.disconnect() })
  const marks = createMarks()
  const [first, second, ...working] = await Promise.all([
    startGateway(t, server.port),
    startGateway(t, server.port),
    ...Array.from({ length: workers }, () => startWorker(t, server.port, concurrency, marks))
  ])
  return {
    gateways: [first, second],
    workers: working,
    server,
    redis,
    steps: async (jobId, count) => { await marks.reached(`step ${count} ${jobId}`) },
    aborted: jobId => marks.reached(`aborted ${jobId}`),
    returned: jobId => marks.reached(`returns ${jobId}`),
    go (jobId) { for (const worker of working) worker.send({ go: jobId } satisfies WorkerOrder) },
    async cut () {
      const clients = String(await redis.client('LIST')).split('\n').filter(line => / name=gateway /.test(line))
      if (clients.length === 0) throw new Error('No gateway is connected')
      await Promise.all(clients.map(line => redis.client('KILL', 'ID', /id=(\d+)/.exec(line)?.[1] as string)))
    }
  }
}

async function startGateway (t: Test, redisPort: number): Promise<Gateway> {
  const child = start(t, 'gateway', [redisPort])
  const marks = createMarks()
  child.on('message', ({ type, value }: GatewayMessage) => {
    if (type === 'disconnected') marks.set(`disconnected ${value}`, 0)
    else marks.set(type, value)
  })
  const port = await orExit(child, marks.reached('listening'))
  const ask = async (order: GatewayOrder): Promise<number> => {
    marks.forget(order)
    child.send(order)
    return await marks.reached(order)
  }
  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    memory: () => ask('memory'),
    requests: () => ask('requests'),
    close: () => ask('close'),
    disconnected: async port => { await marks.reached(`disconnected ${port}`) }
  }
}

async function startWorker (t: Test, redisPort: number, concurrency: number, marks: Marks): Promise<Worker> {
  const child = start(t, 'worker', [redisPort, concurrency])
  const steps = new Map<string, number>()
  const ready = once(child, 'message')
  child.on('message', (message: WorkerMessage) => {
    switch (message.type) {
      case 'step': {
        const count = (steps.get(message.jobId) ?? 0) + 1
        steps.set(message.jobId, count)
        return marks.set(`step ${count} ${message.jobId}`, 0)
      }
      case 'aborted':
      case 'returns':
        return marks.set(`${message.type} ${message.jobId}`, message.at)
    }
  })
  await orExit(child, ready)
  return child
}

function start (t: Test, program: string, args: unknown[]): ChildProcess {
  const child = fork(fileURLToPath(new URL(`../fixtures/cluster/${program}.js`, import.meta.url)), args.map(String), { execArgv: ['--expose-gc'] })
  const ended = once(child, 'exit')
  t.teardown(async () => {
    if (child.connected) child.disconnect()
    await ended
  })
  return child
}

async function orExit<Value> (child: ChildProcess, value: Promise<Value>): Promise<Value> {
  return await Promise.race([value, once(child, 'exit').then(([code]) => { throw new Error(`A process of the cluster ended with ${code}`) })])
}

/** What has happened, and who waits for what has not. */
interface Marks {
  set (name: string, value: number): void
  forget (name: string): void
  reached (name: string): Promise<number>
}

function createMarks (): Marks {
  const values = new Map<string, number>()
  const waiting = new Map<string, Array<(value: number) => void>>()
  return {
    set (name, value) {
      values.set(name, value)
      for (const resolve of waiting.get(name) ?? []) resolve(value)
      waiting.delete(name)
    },
    forget (name) { values.delete(name) },
    reached: name => new Promise(resolve => {
      const value = values.get(name)
      if (value !== undefined) return resolve(value)
      waiting.set(name, [...waiting.get(name) ?? [], resolve])
    })
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
  { origin }: Pick<Gateway, 'origin'>, method: 'GET' | 'POST', path: string, { body, headers }: { body?: unknown, headers?: Record<string, string> } = {}
): Promise<Reply<Body>> {
  return await new Promise((resolve, reject) => {
    const sent = request(`${origin}/jobs${path}`, { method, agent, headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers } }, response => {
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
