import t from 'tap'
import { Redis } from 'ioredis'
import { freePort } from '../../scripts/server-process.mjs'
import { recovery, refusesAll } from '../helpers/chaos/probe.js'
import { underLoad } from '../helpers/chaos/under-load.js'
import { createMarks } from '../helpers/marks.js'
import { startGateway, startWorker } from '../helpers/processes.js'
import { startRedis } from '../helpers/redis-server.js'
import { eventually } from '../helpers/service.js'
import { startTcpProxy } from '../helpers/tcp-proxy.js'

t.setTimeout(240_000)

t.test('a Redis that becomes a replica, and a master again', async t => {
  await underLoad(t, {}, async ({ redis, gateways }) => {
    // Of a master that is not there: it keeps what it has.
    await redis.replicaof('127.0.0.1', await freePort())
    for (const gateway of gateways) await refusesAll(t, gateway, 1_000, ['submit', 'submit once', 'submit and wait'])
    await redis.replicaof('NO', 'ONE')
    for (const { accepted, completed } of await Promise.all(gateways.map(recovery))) {
      t.ok(accepted < 2_000, `accepts jobs within 2 s: ${Math.round(accepted)} ms`)
      t.ok(completed < 5_000, `and they are worked on: ${Math.round(completed)} ms`)
    }
  })
})

t.test('a failover that leaves connections to the old master open', async t => {
  const [old, next] = await Promise.all([startRedis(), startRedis()])
  const clients = [old, next].map(server => {
    t.teardown(() => server.stop())
    const client = new Redis(server.url)
    t.teardown(() => { client.disconnect() })
    return client
  }) as [Redis, Redis]
  await clients[1].replicaof('127.0.0.1', old.port)
  await eventually(() => clients[1].info('replication'), info => info.includes('master_link_status:up'))

  const proxy = await startTcpProxy(t, old.port)
  const worker = startWorker(t, proxy.port, {}, createMarks())
  const gateway = await startGateway(t, proxy.port, await freePort())
  await worker.ready
  await recovery(gateway)
  await clients[0].wait(1, 5_000)

  proxy.to = next.port
  await clients[1].replicaof('NO', 'ONE')
  await clients[0].replicaof('127.0.0.1', next.port)
  const { accepted, completed } = await recovery(gateway)
  t.ok(accepted < 2_000, `accepts jobs within 2 s: ${Math.round(accepted)} ms`)
  t.ok(completed < 3_000, `and they are worked on: ${Math.round(completed)} ms`)
})
