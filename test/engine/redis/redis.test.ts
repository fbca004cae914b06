import t from 'tap'
import { Cluster, Redis } from 'ioredis'
import Fastify from 'fastify'
import { asyncJobs, defineJob, Type, type Connection } from '../../../lib/index.js'
import { openRedis } from '../../../lib/engine/redis/redis.js'
import { redisUrl, silent, uniqueName } from '../../helpers/engines.js'
import { latch } from '../../helpers/latch.js'
import { startRedis } from '../../helpers/redis-server.js'
import { eventually, service, startService } from '../../helpers/service.js'

const schemas = { input: Type.Object({}), output: Type.Object({ ok: Type.Boolean() }) }
const define = () => defineJob({ ...schemas, name: uniqueName() })
const processor = (): { ok: boolean } => ({ ok: true })

t.test('takes a URL, options or a client', async t => {
  const { hostname, port } = new URL(redisUrl())
  const client = new Redis(redisUrl())
  t.teardown(() => { client.disconnect() })
  const connections: Record<string, Connection> = {
    'a URL': redisUrl(),
    options: { host: hostname, port: Number(port) },
    'a client': client
  }
  for (const [name, connection] of Object.entries(connections)) {
    const { submit, until, app } = await startService(t, { job: define(), connection, processor })
    await until((await submit({})).body.jobId, 'completed')
    await app.close()
    t.pass(name)
  }
  t.equal(await client.ping(), 'PONG', 'a client stays its owner\'s')
})

t.test('a Redis that is absent at the start', async t => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  await redis.kill()
  const job = define()
  const lines: Array<Record<string, unknown>> = []
  const app = Fastify({ logger: { level: 'info', stream: { write: (line: string) => { lines.push(JSON.parse(line) as Record<string, unknown>) } } } })
  t.teardown(() => app.close())
  await app.register(asyncJobs, { job, connection: redis.url, prefix: '/jobs', processor })
  await app.ready()
  const { submit, status, result, until } = service(app, '/jobs')
  const id = '6f1c2b1e-8f0a-4b57-9d3e-2a7c5d4e9f10'
  const unavailable = {
    statusCode: 503,
    headers: { 'retry-after': '1', 'content-type': 'application/problem+json; charset=utf-8' },
    body: { type: 'about:blank', title: 'Service Unavailable', status: 503, detail: 'The job store cannot be reached. Try again shortly.', code: 'STORE_UNAVAILABLE' }
  }
  for (const ask of [() => submit({}), () => status(id), () => result(id)]) {
    const begun = performance.now()
    t.match(await ask(), unavailable)
    t.ok(performance.now() - begun < 1_000, 'within a second')
  }
  const told = lines.filter(({ msg }) => msg === 'Redis is unreachable: no job is accepted, shown or worked on until it is back')
  t.equal(told.length, 1, 'the log says it once')

  await redis.restart()
  const { body: { jobId } } = await eventually(() => submit({}), ({ statusCode }) => statusCode === 202)
  await until(jobId, 'completed')
  t.equal(lines.filter(({ msg }) => msg === 'Redis is back').length, 1)
})

t.test('a Redis that goes and comes back', async t => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const { submit, until } = await startService(t, { job: define(), connection: redis.url, processor })
  await until((await submit({})).body.jobId, 'completed')
  for (let outage = 0; outage < 2; outage++) {
    await redis.kill()
    t.match(await submit({}), { statusCode: 503 })
    await redis.restart()
    const { body: { jobId } } = await eventually(() => submit({}), ({ statusCode }) => statusCode === 202)
    await until(jobId, 'completed')
  }
})

t.test('a Redis that is frozen', async t => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const { submit, status } = await startService(t, { job: define(), connection: redis.url })
  const { body: { jobId } } = await submit({})
  redis.pause()
  const begun = performance.now()
  t.match(await Promise.all([submit({}), status(jobId)]), [{ statusCode: 503 }, { statusCode: 503 }])
  t.ok(performance.now() - begun < 1_500, 'is given up soon')
  for (let count = 0; count < 20; count++) {
    const begun = performance.now()
    t.match(await status(jobId), { statusCode: 503 })
    t.ok(performance.now() - begun < 300, 'and who asks then is not kept waiting')
  }
  redis.resume()
  t.match(await eventually(() => status(jobId), ({ statusCode }) => statusCode === 200), { body: { status: 'pending' } })
})

t.test('a Redis that refuses to write', async t => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const client = new Redis(redis.url)
  t.teardown(() => { client.disconnect() })
  const { submit, app } = await startService(t, { job: define(), connection: redis.url })
  await client.config('SET', 'maxmemory', '1')
  const { statusCode, body } = await submit({})
  t.equal(statusCode, 503)
  t.notMatch(JSON.stringify(body), /OOM/)
  await client.config('SET', 'maxmemory', '0')
  t.equal((await submit({})).statusCode, 202)
  await app.close()
})

t.test('a Redis that is out of memory takes what running jobs tell', async t => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const client = new Redis(redis.url)
  t.teardown(() => { client.disconnect() })
  const told = latch()
  const { submit, until } = await startService(t, {
    job: define(),
    connection: redis.url,
    async processor (_input, { attempt, write, progress }) {
      await client.config('SET', 'maxmemory', '1')
      await write(`attempt ${attempt}`)
      await progress(50)
      told.open()
      return { ok: true }
    }
  })
  const { body: { jobId } } = await submit({})
  await told.promise
  t.match(await until(jobId, 'completed'), { attempt: 1 }, 'it costs them no attempt')
})

t.test('a queue that Redis left at its start', async t => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const engine = await openRedis(redis.url, silent)
  t.teardown(() => engine.close())
  redis.pause()
  const queue = engine.openQueue('jobs')
  t.equal(engine.openQueue('jobs'), queue)
  await t.rejects(queue.waitUntilReady(), { code: 'COMMAND_TIMEOUT' })
  redis.resume()
  await t.rejects(queue.add('jobs', {}), { code: 'COMMAND_TIMEOUT' }, 'stays broken')
  const another = engine.openQueue('jobs')
  t.not(another, queue)
  await another.add('jobs', {})
  t.equal(await another.count(), 1)
})

t.test('closes while Redis is away', async t => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const { app } = await startService(t, { job: define(), connection: redis.url, processor })
  await redis.kill()
  await app.close()
  t.pass('it closed')
})

t.test('what was cut while Redis is away stays so, whatever BullMQ wants', async t => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const client = new Redis(redis.url)
  client.on('error', () => {})
  t.teardown(() => { client.disconnect() })
  const made: Redis[] = []
  const watch = (client: Redis): void => {
    const duplicate = client.duplicate.bind(client)
    client.duplicate = options => {
      const copy = duplicate(options)
      made.push(copy)
      watch(copy)
      return copy
    }
  }
  watch(client)
  const engine = await openRedis(client, silent)
  t.teardown(() => engine.close())
  const { worker, disconnect } = engine.openWorker('jobs', async () => {}, {})
  worker.on('error', () => {})
  await worker.waitUntilReady()
  const own = made.slice(1)
  await redis.kill()
  await eventually(async () => own, own => own.every(({ status }) => status === 'reconnecting'))
  const closing = worker.close()
  disconnect()
  await closing
  t.ok(own.length > 1, 'the client that blocks, too')
  for (const client of own) {
    await t.rejects(client.connect(), { name: 'ConnectionClosedError' }, 'as BullMQ does that waits for one to come back')
    t.equal(client.status, 'end')
  }
})

t.test('does not wait for ever for an address that does not answer', async t => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  redis.pause()
  const engine = await openRedis(redis.url, silent)
  t.notOk(engine.available)
  await engine.close()
  redis.resume()
})

t.test('a cluster', async t => {
  const redis = await startRedis({ args: ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'] })
  t.teardown(() => redis.stop())
  const node = new Redis(redis.url)
  t.teardown(() => { node.disconnect() })
  await node.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
  await eventually(() => node.call('CLUSTER', 'INFO'), info => String(info).includes('cluster_state:ok'))
  const cluster = new Cluster([redis.url])
  const { app, submit, until } = await startService(t, { job: define(), connection: cluster, processor })
  await until((await submit({})).body.jobId, 'completed')
  await app.close()
  t.equal(await cluster.ping(), 'PONG', 'a client stays its owner\'s')
  await cluster.quit()
})

t.test('a wrong password is not in the log', async t => {
  const redis = await startRedis({ args: ['--requirepass', 'right'] })
  t.teardown(() => redis.stop())
  const url = new URL(redis.url)
  url.password = 'wrongsecret'
  const lines: string[] = []
  const app = Fastify({ logger: { level: 'info', stream: { write: (line: string) => { lines.push(line) } } } })
  t.teardown(() => app.close())
  await app.register(asyncJobs, { job: define(), connection: url.href, prefix: '/jobs', processor })
  t.match(await service(app, '/jobs').submit({}), { statusCode: 503 })
  t.match(lines.join(''), /WRONGPASS/)
  t.notMatch(lines.join(''), /wrongsecret/)
})
