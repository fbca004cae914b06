import t from 'tap'
import { Cluster, Redis, type RedisOptions } from 'ioredis'
import { defineJob, Type } from '../../../lib/index.js'
import { redisUrl, uniqueName } from '../../helpers/engines.js'
import { startService } from '../../helpers/service.js'
import { clusterOptions, COMMAND_OPTIONS, WORKER_OPTIONS } from '../../../lib/engine/redis/options.js'

t.test('only a Redis that became a replica is left for another one', async t => {
  const readOnly = [
    'READONLY You can\'t write against a read only replica.',
    'ERR Error running script (call to f_0): @user_script:1: -READONLY You can\'t write against a read only replica.'
  ]
  for (const message of readOnly) {
    t.equal(COMMAND_OPTIONS.reconnectOnError(new Error(message)), 1, 'its caller is told')
    t.equal(WORKER_OPTIONS.reconnectOnError(new Error(message)), 2, 'what it was asked is asked again')
  }
  for (const { reconnectOnError } of [COMMAND_OPTIONS, WORKER_OPTIONS]) {
    t.equal(reconnectOnError(new Error('OOM command not allowed when used memory > \'maxmemory\'.')), false)
  }
})

t.test('tries again soon, and then once a second', async t => {
  t.strictSame([1, 5, 10, 1_000].map(COMMAND_OPTIONS.retryStrategy), [100, 500, 1_000, 1_000])
})

t.test('what is for the nodes of a cluster, and what for itself', async t => {
  const { enableOfflineQueue, lazyConnect, clusterRetryStrategy, redisOptions } = clusterOptions(COMMAND_OPTIONS)
  t.strictSame({ enableOfflineQueue, lazyConnect }, { enableOfflineQueue: false, lazyConnect: false })
  t.equal(clusterRetryStrategy, COMMAND_OPTIONS.retryStrategy)
  t.match(redisOptions, { commandTimeout: 15_000, maxRetriesPerRequest: 0 })
  t.notOk('retryStrategy' in (redisOptions ?? {}))
})

/** What a host's client may have, and what would become of ours with it. */
const SETTINGS: Record<string, RedisOptions> = {
  'numbers as text': { stringNumbers: true },
  'time limits, shorter than reads that block': { commandTimeout: 500, socketTimeout: 500, blockingTimeout: 300 },
  'no resending': { autoResendUnfulfilledCommands: false, autoResubscribe: false },
  'no ready check': { enableReadyCheck: false },
  'no retries': { maxRetriesPerRequest: 1, retryStrategy: () => null },
  'no waiting': { enableOfflineQueue: false, lazyConnect: true },
  pipelines: { enableAutoPipelining: true, autoPipeliningIgnoredCommands: ['evalsha'] },
  'other answers': { protocol: 3, replyMapping: 'resp3' },
  'a reconnect on each error': { reconnectOnError: () => true },
  'a name and no info': { connectionName: 'mine', disableClientInfo: true },
  'another database': { db: 3 }
}

t.test('settings of a client that ours take over or not', async t => {
  const job = () => defineJob({ name: uniqueName(), input: Type.Object({ delay: Type.Boolean() }), output: Type.Object({ runs: Type.Number() }) })
  const { hostname, port } = new URL(redisUrl())
  for (const [what, settings] of Object.entries(SETTINGS)) {
    await t.test(what, async t => {
      const client = new Redis({ host: hostname, port: Number(port), ...settings } as RedisOptions)
      client.on('error', () => {})
      t.teardown(() => { client.disconnect() })
      for (const connection of [client, { host: hostname, port: Number(port), ...settings }]) {
        let runs = 0
        const { submit, until, result, app } = await startService(t, { job: job(), connection: connection as Redis, processor: async () => ({ runs: ++runs }) })
        const { body: { jobId } } = await submit({ delay: false })
        t.match(await until(jobId, 'completed'), { attempt: 1 })
        t.strictSame((await result(jobId)).body, { runs: 1 })
        await app.close()
      }
    })
  }
})

t.test('a prefix for keys is refused, wherever it stands', async t => {
  const { leaseEngine } = await import('../../../lib/engine/index.js')
  const cluster = new Cluster(['127.0.0.1:1'], { lazyConnect: true, redisOptions: { keyPrefix: 'mine:' } })
  await t.rejects(leaseEngine(cluster, {}, { warn () {}, info () {} }), { code: 'OPTION_INVALID', message: /keyPrefix/ })
})
