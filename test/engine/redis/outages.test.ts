import t, { type Test } from 'tap'
import { EventEmitter } from 'node:events'
import { Redis } from 'ioredis'
import { limitCommands } from '../../../lib/engine/redis/deadline.js'
import { COMMAND_OPTIONS } from '../../../lib/engine/redis/options.js'
import { watchOutages, type Outages } from '../../../lib/engine/redis/outages.js'
import { startRedis, type RedisServer } from '../../helpers/redis-server.js'

interface Watched {
  redis: RedisServer
  client: Redis
  outages: Outages
  /** What was logged. */
  lines: string[]
  /** Resolves when so many lines were logged. */
  logged (count: number): Promise<void>
}

async function watch (t: Test, probe?: () => Promise<void>): Promise<Watched> {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const client = new Redis(redis.url, COMMAND_OPTIONS)
  limitCommands(client, 100)
  t.teardown(() => { client.disconnect() })
  const lines: string[] = []
  const told = new EventEmitter()
  const write = (_fields: object, message: string): void => {
    lines.push(message)
    told.emit('line')
  }
  const outages = watchOutages(client, probe ?? (async () => { await client.get('probe') }), { warn: write, info: write })
  await new Promise(resolve => { client.once('ready', resolve) })
  return {
    redis,
    client,
    outages,
    lines,
    logged: async count => { while (lines.length < count) await new Promise(resolve => { told.once('line', resolve) }) }
  }
}

const SILENT = 'Redis does not answer: no job is accepted, shown or worked on until it does'
const UNREACHABLE = 'Redis is unreachable: no job is accepted, shown or worked on until it is back'

t.test('a Redis that does not answer is told of once, and when it is back', async t => {
  const { redis, client, outages, lines, logged } = await watch(t)
  redis.pause()
  const errors = await Promise.all([1, 2].map(() => client.get('a').then(() => t.fail('answered'), (error: unknown) => error)))
  t.notOk(outages.silent, 'nobody has told yet')
  for (const error of errors) t.ok(outages.note(error))
  t.ok(outages.silent)
  t.strictSame(lines, [SILENT])
  t.ok(outages.note(await client.get('a').catch((error: unknown) => error)))
  redis.resume()
  await logged(2)
  t.strictSame(lines, [SILENT, 'Redis is back'])
  await new Promise(resolve => { setImmediate(resolve) })
  t.notOk(outages.silent)
})

t.test('one that goes meanwhile', async t => {
  const { redis, client, outages, lines, logged } = await watch(t)
  redis.pause()
  t.ok(outages.note(await client.get('a').catch((error: unknown) => error)))
  await redis.kill()
  while (outages.silent) await new Promise(resolve => { setImmediate(resolve) })
  await redis.restart()
  await logged(2)
  t.strictSame(lines, [SILENT, 'Redis is back'])
  await redis.kill()
  await logged(3)
  t.equal(lines[2], UNREACHABLE)
})

t.test('a refusal is an answer, too', async t => {
  const { redis, client, outages, logged, lines } = await watch(t)
  await client.call('ACL', 'SETUSER', 'default', '-ping')
  redis.pause()
  t.ok(outages.note(await client.get('a').catch((error: unknown) => error)))
  redis.resume()
  await logged(2)
  t.strictSame(lines, [SILENT, 'Redis is back'])
  t.notOk(outages.silent)
})

t.test('other failures are for others to tell', async t => {
  const { outages, lines } = await watch(t)
  for (const error of [new Error('OOM command not allowed'), 'Command timed out']) t.notOk(outages.note(error))
  t.notOk(outages.silent)
  t.strictSame(lines, [])
})

t.test('a node of a cluster that somebody did not reach', async t => {
  const down = new Error('CLUSTERDOWN The cluster is down')
  let probes = 0
  let answer = async (): Promise<void> => {}
  const { outages, lines, logged } = await watch(t, async () => {
    probes++
    await answer()
  })
  const settled = (): Promise<void> => new Promise(resolve => { setImmediate(resolve) })
  await settled()

  probes = 0
  t.ok(outages.note(down))
  t.ok(outages.note(new Error('Too many Cluster redirections. Last error: ReplyError: MOVED 1 127.0.0.1:1')))
  await settled()
  t.equal(probes, 1, 'is asked once')
  answer = async () => { throw new Error('OOM command not allowed') }
  t.ok(outages.note(down))
  await settled()
  t.strictSame(lines, [], 'and where it answers, that was nobody\'s outage')

  answer = async () => { throw down }
  t.ok(outages.note(down))
  await logged(1)
  t.ok(outages.silent)
  t.ok(outages.note(down))
  answer = async () => {}
  await logged(2)
  t.strictSame(lines, [UNREACHABLE, 'Redis is back'])
})
