/** A Redis of a test's own, to kill, freeze and restart. The one at REDIS_URL is everybody's. */
export { startRedis } from '../../scripts/redis.mjs'
export type { RedisServer } from '../../scripts/redis.mjs'
