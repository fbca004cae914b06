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

t.test('jobs that expire behind many that are kept for longer are found in the end', async t => {
  const client = new Redis(redisUrl())
  t.teardown(() => { client.disconnect() })
  const { findExpired } = redisCommands(client, 'bull')
  const name = uniqueName()
  const write = client.pipeline()
  const put = (jobId: string, score: number, age: number): void => {
    write.hset(`bull:${name}:${jobId}`, 'opts', JSON.stringify({ removeOnComplete: { age } }))
    write.zadd(`bull:${name}:completed`, score, jobId)
  }
  const now = Date.now()
  for (let index = 0; index < 12_500; index++) put(`kept-${index}`, now - 50_000 + index, 3_600)
  put('early', now - 50_000 + 1_500.5, 1)
  put('late', now - 50_000 + 12_000.5, 1)
  await write.exec()
  const found: string[][] = []
  while (found.flat().length < 2) {
    const expired = await findExpired(name, 'completed', 1_000)
    found.push(expired)
    for (const jobId of expired) await client.zrem(`bull:${name}:completed`, jobId)
  }
  t.strictSame(found, [['early'], [], ['late']], 'ten pages at a time')
  t.strictSame([await findExpired(name, 'completed', 1_000), await findExpired(name, 'completed', 1_000)], [[], []], 'from the start again')
})
