import t from 'tap'
import { Redis } from 'ioredis'
import { limitCommands } from '../../../lib/engine/redis/deadline.js'
import { startRedis } from '../../helpers/redis-server.js'

t.test('what Redis does not answer in time is rejected', async t => {
  const server = await startRedis()
  t.teardown(() => server.stop())
  const client = new Redis(server.url)
  t.teardown(() => { client.disconnect() })
  limitCommands(client, 300)
  client.defineCommand('two', { lua: 'return 2', numberOfKeys: 0 })
  const scripted = client as typeof client & { two (): Promise<number> }
  t.equal(await scripted.two(), 2)
  server.pause()
  for (const ask of [async () => { await client.ping() }, async () => { await scripted.two() }]) await t.rejects(ask(), { code: 'COMMAND_TIMEOUT', message: /300 ms/ })
  server.resume()
  t.equal(await client.ping(), 'PONG')
})

t.test('an event loop that stands still is not Redis', async t => {
  const server = await startRedis()
  t.teardown(() => server.stop())
  const client = new Redis(server.url)
  t.teardown(() => { client.disconnect() })
  limitCommands(client, 100)
  await client.ping()
  const answers = [client.ping(), client.ping()]
  const begin = performance.now()
  while (performance.now() - begin < 1_000);
  answers.push(client.ping())
  t.strictSame(await Promise.all(answers), ['PONG', 'PONG', 'PONG'])
})
