import { startCluster, DURABLE, type Cluster, type ClusterOptions, type Gateway, type Worker } from '../cluster.js'
import { startGateway, type Member, type Scope } from '../processes.js'
import type { Target } from './requests.js'

/** How long a process may take to end after SIGTERM, in ms, beyond the time that its jobs are given. */
const CLOSE_LIMIT = 5_000

/** A cluster whose processes end and come back. */
export interface Fleet extends Cluster {
  /** As a load balancer that does not look: one gateway after the other, also one that is gone. */
  readonly target: Target
  /** Kills a gateway, and resolves to what starts it again, on its port. */
  killGateway (index: number): Promise<() => Promise<void>>
  /** Ends one as an orchestrator does. */
  terminateGateway (index: number): Promise<() => Promise<void>>
  killWorker (index: number): Promise<() => Promise<void>>
  terminateWorker (index: number): Promise<() => Promise<void>>
  /** All processes that there were. */
  readonly members: readonly Member[]
}

export async function startFleet (scope: Scope, fault: (what: string) => void, options: ClusterOptions = {}): Promise<Fleet> {
  const { closeTimeout = 500 } = options
  const cluster = await startCluster(scope, { redis: DURABLE, ...options, closeTimeout })
  const { gateways, workers, server } = cluster
  const members: Member[] = [...gateways, ...workers]
  let turn = 0

  const restartGateway = (index: number, { port }: Gateway) => async (): Promise<void> => {
    gateways[index as 0] = await startGateway(scope, server.port, port)
    members.push(gateways[index as 0])
  }
  const restartWorker = (index: number) => async (): Promise<void> => {
    const worker = cluster.addWorker()
    workers.splice(workers.indexOf(worker), 1)
    workers[index] = worker
    members.push(worker)
  }
  const kill = async (member: Member): Promise<void> => {
    member.kill('SIGKILL')
    await member.ended
  }
  const terminate = async (what: string, member: Member, limit: number): Promise<void> => {
    const timer = setTimeout(() => {
      fault(`${what} did not end within ${limit} ms after SIGTERM`)
      member.kill('SIGKILL')
    }, limit)
    member.kill('SIGTERM')
    const code = await member.ended
    clearTimeout(timer)
    if (code !== 0) fault(`${what} ended with ${code} after SIGTERM: ${member.printed.join('\n')}`)
  }
  const gatewayAt = (index: number): [number, Gateway] => [index % 2, gateways[index % 2 as 0]]
  const workerAt = (index: number): [number, Worker] => [index % workers.length, workers[index % workers.length] as Worker]

  return {
    ...cluster,
    members,
    target: { get origin () { return gateways[turn++ % 2 as 0].origin } },
    async killGateway (at) {
      const [index, gateway] = gatewayAt(at)
      await kill(gateway)
      return restartGateway(index, gateway)
    },
    async terminateGateway (at) {
      const [index, gateway] = gatewayAt(at)
      await terminate('a gateway', gateway, CLOSE_LIMIT)
      return restartGateway(index, gateway)
    },
    async killWorker (at) {
      const [index, worker] = workerAt(at)
      await kill(worker)
      return restartWorker(index)
    },
    async terminateWorker (at) {
      const [index, worker] = workerAt(at)
      await terminate('a worker', worker, closeTimeout + CLOSE_LIMIT)
      return restartWorker(index)
    }
  }
}

/** What the processes printed that is no log: warnings of Node, exceptions. */
export function printedBy (members: readonly Member[]): string[] {
  return members.flatMap(({ printed }) => printed)
}
