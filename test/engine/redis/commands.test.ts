import t from 'tap'
import { Redis } from 'ioredis'
import { redisCommands } from '../../../lib/engine/redis/commands.js'
import { redisUrl, uniqueName } from '../../helpers/engines.js'
import { testStoreClock } from '../../helpers/store-clock.js'
import { testStoreCommands } from '../../helpers/store-commands.js'

/** What is read of options that say nothing. */
const NO_OPTIONS = { attempts: undefined, delay: undefined, removeOnComplete: undefined, removeOnFail: undefined, startBy: undefined }

t.test('on Redis', async t => { await testStoreCommands(t, redisUrl()) })

t.test('the clock of Redis', async t => { await testStoreClock(t, redisUrl()) })

t.test('jobs that others have stored', async t => {
  const client = new Redis(redisUrl())
  t.teardown(() => { client.disconnect() })
  const { readJob, latestEvent } = redisCommands(client, 'bull')
  const name = uniqueName()
  await client.hset(`bull:${name}:bare`, { timestamp: '5', opts: '{}' })
  const bare = await readJob(name, 'bare', true)
  t.strictSame({ ...bare, readAt: 6 }, {
    state: 'waiting', timestamp: 5, delayedUntil: undefined, processedOn: undefined, finishedOn: undefined, attemptsMade: 0, opts: NO_OPTIONS, progress: 0, failedReason: undefined, logs: 0, output: undefined, largeOutput: false, readAt: 6
  })
  t.equal(await latestEvent(name), '0-0')
})
