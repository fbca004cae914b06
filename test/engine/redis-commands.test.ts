import t from 'tap'
import { Redis } from 'ioredis'
import { redisCommands } from '../../lib/engine/redis-commands.js'
import { redisUrl, uniqueName } from '../helpers/engines.js'
import { testStoreClock } from '../helpers/store-clock.js'
import { testStoreCommands } from '../helpers/store-commands.js'

t.test('on Redis', async t => { await testStoreCommands(t, redisUrl()) })

t.test('the clock of Redis', async t => { await testStoreClock(t, redisUrl()) })

t.test('jobs that others have stored', async t => {
  const client = new Redis(redisUrl())
  t.teardown(() => { client.disconnect() })
  const { readJob, latestEvent } = redisCommands(client, 'bull')
  const name = uniqueName()
  await client.hset(`bull:${name}:bare`, { timestamp: '5', opts: '{}' })
  const bare = await readJob(name, 'bare', true)
  t.strictSame(bare, {
    state: 'waiting', timestamp: 5, delayedUntil: undefined, processedOn: undefined, finishedOn: undefined, attemptsMade: 0, opts: {}, progress: 0, failedReason: undefined, logs: 0, output: undefined, largeOutput: false, readAt: bare?.readAt
  })
  t.equal(await latestEvent(name), '0-0')
})
