import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { endServer, freePort, startServer } from '../../scripts/server-process.mjs'
import type { Scope } from './processes.js'
import { startRedis, type RedisServer } from './redis-server.js'
import { eventually } from './service.js'

/** A master, its replica, and three Sentinels that promote it within seconds. All of it ends with the test. */
export interface Sentinels {
  /** What ioredis needs to find the master. */
  connection: { sentinels: Array<{ host: string, port: number }>, name: string }
  master: RedisServer
  /** Resolves when the replica has whatever was acknowledged before. */
  replicated (): Promise<void>
}

const NAME = 'main'

/** How long the master may be silent, in ms. */
const DOWN_AFTER = 1_000

export async function startSentinels (scope: Scope): Promise<Sentinels> {
  const master = await startRedis()
  const replica = await startRedis({ args: ['--replicaof', `127.0.0.1 ${master.port}`] })
  for (const server of [master, replica]) scope.teardown(() => server.stop())
  const client = new Redis(master.url)
  client.on('error', () => {})
  scope.teardown(() => { client.disconnect() })
  await eventually(() => client.info('replication'), info => info.includes('state=online'))

  const directory = await mkdtemp(join(tmpdir(), 'async-jobs-sentinel-'))
  const sentinels = await Promise.all([1, 2, 3].map(async number => {
    const port = await freePort()
    const file = join(directory, `${number}.conf`)
    await writeFile(file, [
      `port ${port}`, 'bind 127.0.0.1', `dir ${directory}`, `sentinel monitor ${NAME} 127.0.0.1 ${master.port} 2`,
      `sentinel down-after-milliseconds ${NAME} ${DOWN_AFTER}`, `sentinel failover-timeout ${NAME} 5000`
    ].join('\n'))
    const child = await startServer('redis-server', [file, '--sentinel'], { ready: '+monitor master' })
    scope.teardown(() => endServer(child, 'SIGKILL'))
    const own = new Redis({ port })
    scope.teardown(() => { own.disconnect() })
    return { host: '127.0.0.1', port, own }
  }))
  scope.teardown(() => rm(directory, { recursive: true, force: true }))
  // Each knows the replica and the two others.
  for (const { own } of sentinels) await eventually(() => own.call('INFO', 'sentinel'), info => String(info).includes('slaves=1,sentinels=3'))

  return {
    connection: { sentinels: sentinels.map(({ host, port }) => ({ host, port })), name: NAME },
    master,
    async replicated () {
      // It waits for what this client has written.
      await client.set('last', 1)
      await client.wait(1, 0)
    }
  }
}
