import t from 'tap'
import { createRedisBackend, withBackend } from 'bullmq'
import { Redis } from 'ioredis'
import { limitBlocking, markOutputs, onCopy } from '../../../lib/engine/redis/bullmq-internals.js'
import { redisUrl, uniqueName } from '../../helpers/engines.js'
import { latch } from '../../helpers/latch.js'
import { eventually } from '../../helpers/service.js'

t.test('what BullMQ does inside, and we build on', async t => {
  const client = new Redis(redisUrl(), { maxRetriesPerRequest: null })
  t.teardown(() => { client.disconnect() })
  const copies: unknown[] = []
  onCopy(client, copy => { copies.push(copy) })
  const blocked: number[] = []
  const { Queue, Worker } = withBackend((...given: Parameters<typeof createRedisBackend>) => {
    const backend = createRedisBackend(...given)
    t.ok('maximumBlockTimeout' in backend, 'BullMQ has no `maximumBlockTimeout` any more: limitBlocking has no effect, and workers block for longer than their connection may be silent')
    markOutputs(backend, ' ')
    limitBlocking(backend, 1)
    const wait = backend.waitForJob.bind(backend)
    backend.waitForJob = async timeout => {
      const begun = performance.now()
      const answer = await wait(timeout)
      blocked.push(performance.now() - begun)
      return answer
    }
    return backend
  })
  const name = uniqueName()
  const queue = new Queue(name, { connection: client })
  t.teardown(() => queue.close())
  // Without a delayed job, a worker blocks for its `drainDelay`.
  await queue.add(name, {}, { delay: 60_000 })
  const done = latch()
  const worker = new Worker(name, async () => ({ ok: true }), { connection: client })
  worker.on('completed', () => { done.open() })
  const job = await queue.add(name, {})
  await done.promise
  t.equal(await client.hget(`bull:${name}:${job.id}`, 'returnvalue'), ' {"ok":true}', 'BullMQ does not store outputs by `moveToCompletedArgs` any more: markOutputs must find another way')
  t.equal(copies.length, 1, 'BullMQ does not block on one copy of its client any more: onCopy must find the connection that blocks')
  const before = blocked.length
  await eventually(async () => blocked.length, length => length > before)
  t.ok((blocked[before] as number) < 4_000, `a worker blocks for 1 s as it is told, and not for ${blocked[before]} ms`)
  await worker.close()
})
