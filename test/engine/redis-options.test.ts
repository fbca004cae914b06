import t from 'tap'
import { clusterOptions, COMMAND_OPTIONS, WORKER_OPTIONS } from '../../lib/engine/redis-options.js'

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
  t.match(redisOptions, { commandTimeout: 900, maxRetriesPerRequest: 0 })
  t.notOk('retryStrategy' in (redisOptions ?? {}))
})
