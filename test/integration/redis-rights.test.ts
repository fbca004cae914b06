import t, { type Test } from 'tap'
import { once } from 'node:events'
import { Cluster, Redis } from 'ioredis'
import { createJobsClient } from '../../lib/client/index.js'
import { CLUSTER_RIGHTS, RIGHTS } from '../../lib/engine/remedies.js'
import { defineJob, Type } from '../../lib/index.js'
import { uniqueName } from '../helpers/engines.js'
import { logLines } from '../helpers/log-lines.js'
import { startRedisCluster } from '../helpers/redis-cluster.js'
import { startRedis, type RedisServer } from '../helpers/redis-server.js'
import { eventually, startService } from '../helpers/service.js'

interface Guarded {
  /** As the user with the rights. */
  connection: string | Cluster
  /** Of each node, as an administrator. */
  admins: Redis[]
}

/** Gives a user these rights, on each node. */
async function grant (t: Test, nodes: RedisServer[], rights: string): Promise<Redis[]> {
  return await Promise.all(nodes.map(async ({ url }) => {
    const admin = new Redis(url)
    t.teardown(() => { admin.disconnect() })
    await admin.acl('SETUSER', 'service', 'reset', 'on', '>secret', ...rights.split(' '))
    return admin
  }))
}

const stores: Record<string, (t: Test) => Promise<Guarded>> = {
  async 'a Redis' (t) {
    const server = await startRedis()
    t.teardown(() => server.stop())
    return { connection: server.url.replace('//', '//service:secret@'), admins: await grant(t, [server], RIGHTS) }
  },
  async 'a Redis Cluster' (t) {
    const { nodes } = await startRedisCluster(t)
    const admins = await grant(t, nodes, `${RIGHTS} ${CLUSTER_RIGHTS}`)
    const connection = new Cluster(nodes.map(({ url }) => url), { redisOptions: { username: 'service', password: 'secret' } })
    t.teardown(() => { connection.disconnect() })
    return { connection, admins }
  }
}

for (const [store, start] of Object.entries(stores)) {
  t.test(`the whole life of jobs on ${store}, with the documented rights and no more`, async t => {
    const { connection, admins } = await start(t)
    const lines = logLines()
    const job = defineJob({ name: uniqueName(), input: Type.Object({ do: Type.String() }), output: Type.Object({ ok: Type.Boolean() }), attempts: 1, retention: { completed: 1, failed: 1 } })
    const { app } = await startService(t, {
      job,
      connection,
      maxPending: 100,
      processor: async (input, { progress, write, signal }) => {
        await progress(10, 'begun')
        await write('a')
        if (input.do === 'fail') throw new Error('as wanted')
        if (input.do === 'wait') await once(signal, 'abort')
        signal.throwIfAborted()
        return { ok: true }
      }
    }, { logger: { level: 'error', stream: lines } })
    const client = createJobsClient<typeof job>(`${await app.listen({ port: 0, host: '127.0.0.1' })}/jobs`)

    const first = await client.submit({ do: 'return' })
    const told: string[] = []
    for await (const { type } of first.events()) told.push(type)
    t.match(told.join(), /output,job$/)
    t.strictSame(await first.result(), { ok: true })
    await t.rejects(client.run({ do: 'fail' }), { name: 'JobFailedError' })
    const running = await client.submit({ do: 'wait' })
    await eventually(() => running.status(), ({ status }) => status === 'in_progress')
    t.match(await running.cancel(), { status: 'canceled' })
    const handle = app.jobs(job)
    const delayed = await handle.submit({ do: 'return' }, { delay: 100, idempotencyKey: 'key' })
    t.equal((await handle.submit({ do: 'return' }, { delay: 100, idempotencyKey: 'key' })).jobId, delayed.jobId)
    t.strictSame(await handle.wait(delayed.jobId), { ok: true })
    await eventually(() => handle.queue.getJobCounts(), counts => Object.values(counts).every(count => count === 0))
    t.pass('what has expired is deleted')
    t.strictSame(lines.lines(), [])
    for (const admin of admins) t.strictSame(await admin.acl('LOG'), [])
  })
}
