import { Cluster, Redis } from 'ioredis'
import { startRedis, type RedisServer } from './redis-server.js'
import { eventually } from './service.js'

/** A Redis Cluster of three masters, each with a third of the slots. It ends with the test. */
export interface RedisCluster {
  nodes: RedisServer[]
  /** Where our jobs are. */
  owner: RedisServer
  /** A client of it, which ends with the test. */
  client: Cluster
}

const SLOTS = 16_384
const NODES = 3

/** How long one node may be silent until the others take it for failed, in ms. */
const NODE_TIMEOUT = 1_000

/** What a killed node knows of the others and of jobs is there when it is restarted. */
const ARGS = ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1', '--cluster-node-timeout', String(NODE_TIMEOUT), '--appendonly', 'yes', '--appendfsync', 'always']

export async function startRedisCluster (scope: { teardown (end: () => unknown): void }): Promise<RedisCluster> {
  const nodes = await Promise.all(Array.from({ length: NODES }, () => startRedis({ args: ARGS })))
  for (const node of nodes) scope.teardown(() => node.stop())
  const [first] = nodes as [RedisServer, ...RedisServer[]]
  const clients = nodes.map(({ url }) => new Redis(url))
  const begin = (index: number): number => Math.floor(SLOTS * index / NODES)
  await Promise.all(clients.map(async (client, index) => {
    await client.call('CLUSTER', 'ADDSLOTSRANGE', String(begin(index)), String(begin(index + 1) - 1))
    if (index > 0) await client.call('CLUSTER', 'MEET', '127.0.0.1', String(first.port))
  }))
  await Promise.all(clients.map(client => eventually(() => client.call('CLUSTER', 'INFO'), info => /cluster_state:ok[^]*cluster_size:3/.test(String(info)))))
  const slot = Number(await clients[0]?.call('CLUSTER', 'KEYSLOT', 'bull'))
  for (const client of clients) client.disconnect()
  const client = new Cluster(nodes.map(({ url }) => url))
  // Those that kill nodes expect it.
  client.on('error', () => {})
  scope.teardown(() => { client.disconnect() })
  return { nodes, owner: nodes.findLast((_, index) => begin(index) <= slot) as RedisServer, client }
}
