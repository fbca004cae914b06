import t from 'tap'
import { Redis } from 'ioredis'
import { createExpiredSearch } from '../../../lib/engine/redis/expired.js'
import { redisUrl, uniqueName } from '../../helpers/engines.js'

t.test('jobs that expire behind many that are kept for longer are found in the end', async t => {
  const client = new Redis(redisUrl())
  t.teardown(() => { client.disconnect() })
  const find = createExpiredSearch(client)
  const name = uniqueName()
  const findExpired = () => find(`bull:${name}:completed`, `bull:${name}:`, 'removeOnComplete', 1_000)
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
    const expired = await findExpired()
    found.push(expired)
    for (const jobId of expired) await client.zrem(`bull:${name}:completed`, jobId)
  }
  t.strictSame(found, [['early'], [], ['late']], 'ten pages at a time')
  t.strictSame([await findExpired(), await findExpired()], [[], []], 'from the start again')
})
