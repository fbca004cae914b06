import t from 'tap'
import { Redis } from 'ioredis'
import { redisProbe } from '../../../lib/engine/redis/probe.js'
import { startRedis } from '../../helpers/redis-server.js'

t.test('asks for what nothing works without, and changes nothing', async t => {
  const server = await startRedis()
  t.teardown(() => server.stop())
  const admin = new Redis(server.url)
  const client = new Redis(server.url)
  t.teardown(() => { for (const each of [admin, client]) each.disconnect() })
  const probe = redisProbe(client, 'bull')
  await probe()
  t.equal(await admin.dbsize(), 0)
  for (const right of ['info', 'evalsha', 'ltrim', 'time']) {
    await admin.acl('SETUSER', 'default', `-${right}`)
    await t.rejects(probe(), /NOPERM|can't run this command|ACL failure/, right)
    await admin.acl('SETUSER', 'default', `+${right}`)
  }
  await admin.acl('SETUSER', 'default', 'resetkeys', '~other:*')
  await t.rejects(probe(), /NOPERM/, 'keys')
  await admin.acl('SETUSER', 'default', '~*')
  await admin.config('SET', 'min-replicas-to-write', '1')
  await probe()
  t.pass('what passes by itself is not its concern')
})
