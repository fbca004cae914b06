import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { GatewayMessage, GatewayOrder } from '../fixtures/cluster/gateway.js'
import type { WorkerMessage, WorkerOrder, WorkerSettings } from '../fixtures/cluster/worker.js'
import { createMarks, type Marks } from './marks.js'

/* The processes of a cluster: those that only serve, and those that only work. */

/** What ends what it was told of: a test, or a run outside of one. */
export interface Scope { teardown (end: () => unknown): void }

/** A process of the cluster. */
export interface Member {
  /** Resolves to its exit code, or to the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>
  kill (signal: NodeJS.Signals): void
  /** What it logged at the level `warn` or above. */
  readonly log: LogLine[]
  /** Whatever else it printed: nothing, if all is well. */
  readonly printed: string[]
}

export interface LogLine { level: number, msg: string, err?: { message: string } }

export interface Gateway extends Member {
  origin: string
  port: number
  /** Resident memory after a garbage collection, in bytes. */
  memory (): Promise<number>
  /** What objects and buffers hold after a garbage collection, in bytes. */
  held (): Promise<number>
  /** How many requests have arrived. */
  requests (): Promise<number>
  /** Closes the app. Resolves to how long that took, in ms. */
  close (): Promise<number>
  /** Resolves when the gateway has let go of the connection of a client's port. */
  disconnected (port: number): Promise<void>
}

export interface Worker extends Member {
  /** Resolves once it takes jobs. */
  ready: Promise<void>
  send (order: WorkerOrder): void
}

export async function startGateway (scope: Scope, redisPort: number, port: number): Promise<Gateway> {
  const [child, member] = start(scope, 'gateway', [redisPort, port])
  const marks = createMarks()
  child.on('message', ({ type, value }: GatewayMessage) => {
    if (type === 'disconnected') marks.set(`disconnected ${value}`, 0)
    else marks.set(type, value)
  })
  await orExit(member, marks.reached('listening'))
  const ask = async (order: GatewayOrder): Promise<number> => {
    marks.forget(order)
    child.send(order)
    return await marks.reached(order)
  }
  return {
    ...member,
    port,
    origin: `http://127.0.0.1:${port}`,
    memory: () => ask('memory'),
    held: () => ask('held'),
    requests: () => ask('requests'),
    close: () => ask('close'),
    disconnected: async port => { await marks.reached(`disconnected ${port}`) }
  }
}

/** @param marks gets `step <n> <jobId>` for the worker's own count of chunks, `aborted <jobId>` and `returns <jobId>` */
export function startWorker (scope: Scope, redisPort: number, settings: WorkerSettings, marks: Marks): Worker {
  const [child, member] = start(scope, 'worker', [redisPort, JSON.stringify(settings)])
  const steps = new Map<string, number>()
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
  const ready = orExit(member, once(child, 'message')).then(() => {})
  // It may be ended before it is.
  ready.catch(() => {})
  return { ...member, ready, send: order => { if (child.connected) child.send(order) } }
}

function start (scope: Scope, program: string, args: unknown[]): [ChildProcess, Member] {
  const child = fork(fileURLToPath(new URL(`../fixtures/cluster/${program}.js`, import.meta.url)), args.map(String), {
    execArgv: ['--expose-gc'], stdio: ['ignore', 'pipe', 'pipe', 'ipc']
  })
  // An order to a process that was killed in the same moment.
  child.on('error', () => {})
  const log: LogLine[] = []
  const printed: string[] = []
  for (const input of [child.stdout, child.stderr]) {
    if (input === null) throw new Error('The process has no output')
    createInterface({ input }).on('line', line => {
      if (line.startsWith('{')) log.push(JSON.parse(line) as LogLine)
      else printed.push(line)
    })
  }
  const ended = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals)
  scope.teardown(async () => {
    // One that is frozen or hangs must not hold up the end.
    const force = setTimeout(() => { child.kill('SIGKILL') }, 15_000)
    if (child.connected) child.disconnect()
    await ended
    clearTimeout(force)
  })
  return [child, { ended, log, printed, kill: signal => { child.kill(signal) } }]
}

async function orExit<Value> (member: Member, value: Promise<Value>): Promise<Value> {
  return await Promise.race([value, member.ended.then(code => { throw new Error(`A process of the cluster ended with ${code}: ${member.printed.join('\n')}`) })])
}
