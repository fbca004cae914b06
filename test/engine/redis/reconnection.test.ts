import t from 'tap'
import { EventEmitter } from 'node:events'
import type { Redis } from 'ioredis'
import { isInterrupted, watchRecovery } from '../../../lib/engine/redis/reconnection.js'

t.test('waits for a connection that was there', async t => {
  const client = new EventEmitter()
  let long = 0
  let took: () => void = () => {}
  const taken = new Promise<void>(resolve => { took = resolve })
  const recovery = watchRecovery(client as Redis, () => {
    long++
    recovery.end()
    took()
  })
  const isOver = async (): Promise<boolean> => await Promise.race([recovery.wait().then(() => true), new Promise<boolean>(resolve => { setImmediate(resolve, false) })])

  client.emit('close')
  t.notOk(recovery.expected, 'not for the first one')
  t.ok(await isOver())

  client.emit('ready')
  t.ok(recovery.expected)
  t.ok(await isOver())
  client.emit('close')
  t.ok(recovery.expected)
  t.notOk(await isOver())
  const waiting = recovery.wait()
  client.emit('close')
  client.emit('ready')
  await waiting
  t.ok(await isOver())

  const begun = performance.now()
  client.emit('close')
  await Promise.all([recovery.wait(), taken])
  t.ok(performance.now() - begun > 850, 'a second at most')
  t.equal(long, 1)
  t.notOk(recovery.expected)
  client.emit('close')
  t.ok(await isOver(), 'and not for each attempt')
})

t.test('waits for nothing that we close ourselves', async t => {
  const client = new EventEmitter()
  const recovery = watchRecovery(client as Redis, () => { t.fail('nobody expects it back') })
  client.emit('ready')
  client.emit('close')
  const waiting = recovery.wait()
  recovery.close()
  await waiting
  client.emit('ready')
  client.emit('close')
  await recovery.wait()
  t.notOk(recovery.expected)
})

t.test('what says that a connection was closed', async t => {
  const closed: unknown[] = [
    new Error('Connection is closed.'),
    new Error('Stream isn\'t writeable and enableOfflineQueue options is false'),
    new Error('Cluster isn\'t ready and enableOfflineQueue options is false'),
    new Error('Reached the max retries per request limit (which is 0). Refer to "maxRetriesPerRequest" option for details.'),
    new Error('Command aborted due to connection close'),
    Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }),
    Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })
  ]
  for (const error of closed) t.ok(isInterrupted(error), String(error))
  const others: unknown[] = [new Error('OOM command not allowed'), Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }), 'Connection is closed.', undefined]
  for (const error of others) t.notOk(isInterrupted(error), String(error))
})
