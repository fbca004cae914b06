import t from 'tap'
import { startCluster, submit } from '../helpers/cluster.js'
import { watchStream } from '../helpers/watchers.js'

t.test('a Redis that evicts keys', async t => {
  const { gateways: [gateway], workers: [worker] } = await startCluster(t, { workers: 1, redis: ['--maxmemory-policy', 'allkeys-lru'] })
  // All connections that there are: for commands, workers, and events.
  await watchStream(gateway, await submit(gateway, {}))
  for (const member of [gateway, worker]) {
    t.strictSame(member?.log.map(({ level, msg }) => [level, msg]), [
      [40, 'Redis evicts keys when its memory is full (maxmemory-policy allkeys-lru): jobs would be lost. Set maxmemory-policy noeviction']
    ], 'it is told once, in the log')
    t.strictSame(member?.printed, [], 'and not on the console')
  }
})
