import t from 'tap'
import { EventEmitter, once } from 'node:events'
import { Redis } from 'ioredis'
import { defineJob, Type } from '../../lib/index.js'
import { pause } from '../helpers/cluster.js'
import { uniqueName } from '../helpers/engines.js'
import { logLines } from '../helpers/log-lines.js'
import { startRedis } from '../helpers/redis-server.js'
import { eventually, startService } from '../helpers/service.js'
import { startTcpProxy, type TcpProxy } from '../helpers/tcp-proxy.js'

t.setTimeout(240_000)

const CLIENTS = 50
const KILLS = 20

/** Who closes all connections. Resolves to how many. */
const CLOSERS: Record<string, (killer: Redis, proxy: TcpProxy) => Promise<number>> = {
  'an administrator': async killer => Number(await killer.call('CLIENT', 'KILL', 'TYPE', 'normal')),
  'a proxy': async (_killer, proxy) => proxy.reset()
}

/* Whether a job is worked on soon is not asked: of one whose worker lost the answer that gave it the job, only its lock tells. */
for (const [who, close] of Object.entries(CLOSERS)) {
  t.test(`connections that ${who} closes again and again are no outage`, async t => {
    const redis = await startRedis()
    t.teardown(() => redis.stop())
    const proxy = await startTcpProxy(t, redis.port)
    const killer = new Redis(redis.url)
    t.teardown(() => { killer.disconnect() })
    const log = logLines()
    const { submit, status, app } = await startService(t, {
      job: defineJob({ name: uniqueName(), input: Type.Object({}), output: Type.Object({ ok: Type.Boolean() }) }),
      connection: `redis://127.0.0.1:${proxy.port}`,
      processor: () => ({ ok: true })
    }, { logger: { level: 'warn', stream: log } })

    const answers: Record<string, number> = {}
    const heard = new EventEmitter()
    const over = new AbortController()
    let slowest = 0
    const ask = async <Answer extends { statusCode: number }>(what: string, question: () => Promise<Answer>): Promise<Answer> => {
      const begun = performance.now()
      const answer = await question()
      slowest = Math.max(slowest, performance.now() - begun)
      answers[`${what} ${answer.statusCode}`] = (answers[`${what} ${answer.statusCode}`] ?? 0) + 1
      heard.emit(what)
      return answer
    }
    const clients = Promise.all(Array.from({ length: CLIENTS }, async () => {
      while (!over.signal.aborted) {
        const { body: { jobId } } = await ask('submit', () => submit({}))
        // A 503 is counted, and has no job.
        if (jobId === undefined) {
          await pause()
          continue
        }
        while (!over.signal.aborted) {
          const { statusCode, body } = await ask('status', () => status(jobId))
          if (body.status === 'completed') break
          if (statusCode === 503) await pause()
        }
      }
    }))
    let killed = 0
    for (let kill = 0; kill < KILLS; kill++) {
      await once(heard, 'submit')
      killed += await close(killer, proxy)
    }
    over.abort()
    await clients
    t.ok(killed > KILLS, `${killed} connections were closed`)
    t.strictSame(Object.keys(answers).sort(), ['status 200', 'submit 202'], JSON.stringify(answers))
    t.comment(`slowest answer: ${Math.round(slowest)} ms, ${JSON.stringify(answers)}`)
    await app.close()
    t.strictSame(log.lines(), [], 'nothing is logged')
  })
}

t.test('a Redis that is really down', async t => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const log = logLines()
  const { submit } = await startService(t, {
    job: defineJob({ name: uniqueName(), input: Type.Object({}), output: Type.Object({ ok: Type.Boolean() }) }),
    connection: redis.url,
    processor: () => ({ ok: true })
  }, { logger: { level: 'warn', stream: log } })
  await redis.kill()
  const timed = async (): Promise<number> => {
    const begun = performance.now()
    t.match(await submit({}), { statusCode: 503 })
    return performance.now() - begun
  }
  for (const ms of await Promise.all(Array.from({ length: 10 }, timed))) t.ok(ms < 1_000, `${ms}`)
  for (let count = 0; count < 5; count++) {
    const ms = await timed()
    t.ok(ms < 100, `at once, when it is known: ${ms}`)
  }
  t.match(log.lines(), [{ msg: /^Redis is unreachable/ }])
  t.equal(log.lines().length, 1)
})

t.test('a proxy whose Redis is gone', async t => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const proxy = await startTcpProxy(t, redis.port)
  const log = logLines()
  const { submit } = await startService(t, {
    job: defineJob({ name: uniqueName(), input: Type.Object({}), output: Type.Object({ ok: Type.Boolean() }) }),
    connection: `redis://127.0.0.1:${proxy.port}`
  }, { logger: { level: 'info', stream: log } })
  const told = (): unknown[] => log.lines().filter(({ reqId }) => reqId === undefined).map(({ msg }) => msg)
  await redis.kill()
  const begun = performance.now()
  t.match(await submit({}), { statusCode: 503 })
  t.ok(performance.now() - begun < 1_500, 'it accepts connections, and closes each: that is known after a second')
  const known = performance.now()
  t.match(await submit({}), { statusCode: 503 })
  t.ok(performance.now() - known < 100, 'and then told at once')
  await redis.restart()
  await eventually(() => submit({}), ({ statusCode }) => statusCode === 202)
  await eventually(async () => told(), lines => lines.includes('Redis is back'))
  t.match(told(), [/^Redis is unreachable/, 'Redis is back'])
  t.equal(told().length, 2)
})
