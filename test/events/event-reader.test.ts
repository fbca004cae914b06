import t, { type Test } from 'tap'
import { Redis } from 'ioredis'
import { leaseEngine } from '../../lib/engine/index.js'
import type { Engine, QueueEvent } from '../../lib/engine/engine.js'
import { readEvents } from '../../lib/events/event-reader.js'
import { onEachEngine, redisUrl, silent, uniqueName } from '../helpers/engines.js'
import { latch } from '../helpers/latch.js'
import { startRedis } from '../helpers/redis-server.js'
import { eventually } from '../helpers/service.js'

type Answer = QueueEvent[] | Error

/** An engine whose source of events gives these answers, and then none until it is closed. */
function engineOf (answers: Answer[], available = true, noted = false): { engine: Engine, asked: string[], closes: () => number, done: Promise<void> } {
  const asked: string[] = []
  const closed = latch()
  const done = latch()
  let closes = 0
  const engine = {
    available,
    noteFailure: () => noted,
    openEvents: () => ({
      async read (after: string) {
        asked.push(after)
        const answer = answers.shift()
        if (answer === undefined) {
          done.open()
          await closed.promise
          throw new Error('closed')
        }
        if (answer instanceof Error) throw answer
        return answer
      },
      async close () { closes++; closed.open() }
    })
  }
  return { engine: engine as unknown as Engine, asked, closes: () => closes, done: done.promise }
}

const event = (id: string, jobId = 'a'): QueueEvent => ({ id, event: 'progress', jobId })

t.test('tells of every event, and goes on after the last one', async t => {
  const { engine, asked, done } = engineOf([[event('1'), event('2', 'b')], [], [event('3')]])
  const told: QueueEvent[] = []
  const reader = readEvents(engine, 'queue', '0', silent, { onEvent: event => { told.push(event) }, onGap: () => { t.fail('no gap') } })
  await done
  t.strictSame(told, [event('1'), event('2', 'b'), event('3')])
  t.strictSame(asked, ['0', '2', '2', '3'])
  await reader.close()
})

t.test('a failure is logged, told as a gap, and tried again', async t => {
  const failure = Object.assign(new Error('broken'), { command: { name: 'xread', args: ['secret'] } })
  const { engine, asked, done } = engineOf([[event('1')], failure, failure, [event('2')], failure])
  const lines: unknown[] = []
  let gaps = 0
  const reader = readEvents(engine, 'queue', '0', { warn: (...line: unknown[]) => { lines.push(line) } }, { onEvent: () => {}, onGap: () => { gaps++ } })
  await done
  t.equal(gaps, 3)
  t.strictSame(asked, ['0', '1', '1', '1', '2', '2'])
  const line = [{ err: { message: 'broken' }, queue: 'queue' }, 'Events could not be read: trying again']
  t.match(lines, [line, line], 'once, until they could be read again')
  t.equal(lines.length, 2)
  t.notOk('command' in failure)
  await reader.close()
})

t.test('of a store that is away, the engine tells', async t => {
  const { engine, done } = engineOf([new Error('away')], false)
  const reader = readEvents(engine, 'queue', '0', { warn: () => { t.fail('it was told twice') } }, { onEvent: () => {}, onGap: () => {} })
  await done
  await reader.close()
})

t.test('of what the engine tells itself, nothing is told', async t => {
  const { engine, done } = engineOf([new Error('broken')], true, true)
  const reader = readEvents(engine, 'queue', '0', { warn: () => { t.fail('it was told twice') } }, { onEvent: () => {}, onGap: () => {} })
  await done
  await reader.close()
})

t.test('who is far behind may have missed some', async t => {
  const { engine, done } = engineOf([Array.from({ length: 1_000 }, (_, n) => event(String(n))), Array.from({ length: 999 }, (_, n) => event(String(n)))])
  let gaps = 0
  const reader = readEvents(engine, 'queue', '0', silent, { onEvent: () => {}, onGap: () => { gaps++ } })
  await done
  t.equal(gaps, 1)
  await reader.close()
})

t.test('closes once, also while it waits to try again', async t => {
  const { engine, closes } = engineOf([new Error('broken')])
  const failed = latch()
  const reader = readEvents(engine, 'queue', '0', silent, { onEvent: () => {}, onGap: () => { failed.open() } })
  await failed.promise
  const closing = reader.close()
  t.equal(reader.close(), closing)
  await closing
  t.equal(closes(), 1)
})

/** Watches the events of a queue, until the test ends. */
function watch (t: Test, engine: Engine, name: string, start: string): { events: QueueEvent[], gaps: () => number, until (jobId: string): Promise<unknown> } {
  const events: QueueEvent[] = []
  let gaps = 0
  const reader = readEvents(engine, name, start, silent, { onEvent: event => { events.push(event) }, onGap: () => { gaps++ } })
  t.teardown(() => reader.close())
  return { events, gaps: () => gaps, until: jobId => eventually(async () => events, events => events.some(event => event.jobId === jobId)) }
}

t.test('misses nothing from the start it was given', t => onEachEngine(t, async (t, { connection }) => {
  const name = uniqueName()
  const { engine, release } = await leaseEngine(connection, {}, silent)
  t.teardown(release)
  const queue = engine.openQueue(name)
  await queue.add(name, {}, { jobId: 'before' })
  const start = await engine.latestEvent(name)
  await queue.add(name, {}, { jobId: 'after' })
  const { events, until } = watch(t, engine, name, start)
  await until('after')
  await queue.add(name, {}, { jobId: 'later' })
  await until('later')
  if (engine.kind === 'redis') t.notOk(events.some(({ jobId }) => jobId === 'before'), 'where the order of events is that of their ids')
}))

t.test('a malformed entry does not stop it', async t => {
  const name = uniqueName()
  const { engine, release } = await leaseEngine(redisUrl(), {}, silent)
  t.teardown(release)
  const client = new Redis(redisUrl())
  t.teardown(() => { client.disconnect() })
  const { events, until } = watch(t, engine, name, await engine.latestEvent(name))
  await client.xadd(`bull:${name}:events`, '*', 'event', 'completed', 'jobId', 'a', 'returnvalue', '{"not":')
  await client.xadd(`bull:${name}:events`, '*', 'nonsense', '')
  await engine.openQueue(name).add(name, {}, { jobId: 'b' })
  await until('b')
  t.match(events.slice(0, 2), [{ event: 'completed', jobId: 'a' }, { event: '', jobId: undefined }])
})

t.test('survives a Redis that is killed and restarted', async t => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const name = uniqueName()
  const outages: unknown[] = []
  const { engine, release } = await leaseEngine(redis.url, {}, { ...silent, warn: error => { outages.push(error) } })
  t.teardown(release)
  const { gaps, until } = watch(t, engine, name, await engine.latestEvent(name))
  for (const jobId of ['first', 'second', 'third']) {
    await eventually(() => engine.openQueue(name).add(name, {}, { jobId }).catch(() => undefined), job => job !== undefined)
    await until(jobId)
    const before = gaps()
    await redis.kill()
    await eventually(async () => outages, outages => outages.length > 0)
    outages.length = 0
    await redis.restart()
    await eventually(async () => gaps(), now => now > before)
  }
  t.pass('and tells of the gap')
})

t.test('closes while Redis is away', async t => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const { engine, release } = await leaseEngine(redis.url, {}, silent)
  t.teardown(release)
  const reader = readEvents(engine, 'queue', '0', silent, { onEvent: () => {}, onGap: () => {} })
  await redis.kill()
  await reader.close()
  t.pass('it closed')
})

t.test('closes in bounded time where its source does not', async t => {
  const forever = new Promise<never>(() => {})
  const engine = { openEvents: () => ({ read: () => forever, close: () => forever }) } as unknown as Engine
  const begun = performance.now()
  await readEvents(engine, 'queue', '0', silent, { onEvent: () => {}, onGap: () => {} }).close()
  t.ok(performance.now() - begun < 2_000)
})
