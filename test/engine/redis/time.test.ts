import t from 'tap'
import { Redis } from 'ioredis'
import { NOW } from '../../../lib/engine/redis/time.js'
import { redisUrl } from '../../helpers/engines.js'

t.test('the time of Redis, in ms', async t => {
  const client = new Redis(redisUrl())
  t.teardown(() => { client.disconnect() })
  const time = async (): Promise<number> => {
    const [seconds, micros] = await client.time()
    return Math.floor(Number(seconds) * 1_000 + Number(micros) / 1_000)
  }
  const before = await time()
  const now = await client.eval(`${NOW} return now`, 0) as number
  t.ok(before <= now && now <= await time())
})
