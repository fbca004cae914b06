import t from 'tap'
import { once } from 'node:events'
import { Redis } from 'ioredis'
import { cut, hearInfoOf } from '../../../lib/engine/redis/ioredis-internals.js'
import { redisUrl } from '../../helpers/engines.js'

t.test('a client that is between two attempts to connect ends at once', async t => {
  const client = new Redis('redis://127.0.0.1:1', { retryStrategy: () => 60_000, maxRetriesPerRequest: null })
  client.on('error', () => {})
  t.teardown(() => { client.disconnect() })
  await new Promise(resolve => { client.once('reconnecting', resolve) })
  t.equal(client.status, 'reconnecting', 'ioredis has another word for a client that waits to connect: cut must know it')
  const queued = client.get('key').catch((error: Error) => error.message)
  const ended = once(client, 'end')
  cut(client)
  await ended
  t.equal(await queued, 'Connection is closed.', 'ioredis does not give up the commands of a client that is ended: cut must do it')
  await t.rejects(client.connect(), { message: 'Connection is closed.' }, 'and nobody connects it again')
})

t.test('ioredis asks for INFO with a callback before a client is ready', async t => {
  const client = new Redis(redisUrl(), { lazyConnect: true })
  t.teardown(() => { client.disconnect() })
  const asked: string[] = []
  const info = client.info.bind(client) as (...args: unknown[]) => Promise<string>
  client.info = (async (...args: unknown[]) => {
    asked.push(typeof args.at(-1))
    return await info(...args)
  }) as typeof client.info
  hearInfoOf(client, text => `heard ${String(text).length > 0}`, () => false)
  await client.connect()
  t.strictSame(asked, ['function'], 'ioredis does not call `info` for its ready check any more: hearInfoOf cannot keep its warnings from the console')
  t.equal(await client.info(), 'heard true')
})

t.test('an error that is forgiven is an empty answer', async t => {
  const refusal = new Error('NOPERM no')
  const client = { info: async (reply: (error: Error | null, text?: unknown) => void) => { reply(refusal) } } as unknown as Redis
  const told: unknown[] = []
  hearInfoOf(client, text => text, error => error === refusal)
  await client.info((error, text) => { told.push(error, text) })
  t.strictSame(told, [null, ''])
})
