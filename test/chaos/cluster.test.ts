import t from 'tap'
import { setTimeout as sleep } from 'node:timers/promises'
import { defineJob, Type } from '../../lib/index.js'
import { uniqueName } from '../helpers/engines.js'
import { latch } from '../helpers/latch.js'
import { logLines } from '../helpers/log-lines.js'
import { startRedisCluster, type RedisCluster } from '../helpers/redis-cluster.js'
import type { RedisServer } from '../helpers/redis-server.js'
import { eventually, startService } from '../helpers/service.js'

t.setTimeout(240_000)

/** How long nodes are away, in ms: longer than the others take to notice. */
const OUTAGE = 5_000

/** Which nodes are killed. */
const KILLED: Record<string, (cluster: RedisCluster) => RedisServer[]> = {
  'all nodes': ({ nodes }) => nodes,
  'the node that has the jobs': ({ owner }) => [owner],
  'all but the node that has the jobs': ({ nodes, owner }) => nodes.filter(node => node !== owner)
}

for (const [what, killed] of Object.entries(KILLED)) {
  t.test(`a Redis Cluster without ${what} is told of once`, async t => {
    const cluster = await startRedisCluster(t)
    const log = logLines()
    const running = latch()
    const over = latch()
    const { app, submit, until } = await startService(t, {
      job: defineJob({ name: uniqueName(), input: Type.Object({ waits: Type.Boolean() }), output: Type.Object({ ok: Type.Boolean() }) }),
      connection: cluster.client,
      async processor ({ waits }) {
        if (waits) {
          running.open()
          await over.promise
        }
        return { ok: true }
      }
    }, { logger: { level: 'info', stream: log } })
    const { body: { jobId: outlives } } = await submit({ waits: true })
    await running.promise
    const watching = app.inject({ url: `/jobs/status/${outlives}?wait=50` })
    const told = (): unknown[] => log.lines().filter(({ reqId, level }) => reqId === undefined || Number(level) > 30).map(({ msg }) => msg)
    const before = told().length

    await Promise.all(killed(cluster).map(node => node.kill()))
    const end = performance.now() + OUTAGE
    const answers: number[] = []
    while (performance.now() < end) {
      answers.push((await submit({ waits: false })).statusCode)
      await sleep(20)
    }
    t.equal(answers.at(-1), 503)
    over.open()
    await Promise.all(killed(cluster).map(node => node.restart()))
    const { body: { jobId } } = await eventually(() => submit({ waits: false }), ({ statusCode }) => statusCode === 202)
    await until(jobId, 'completed')
    t.match(await until(outlives, 'completed'), { attempt: 1 }, 'what ran meanwhile is stored')
    await watching
    await app.close()
    const lines = told().slice(before)
    t.match(lines, [/^Redis (?:is unreachable|does not answer)/, 'Redis is back'])
    t.equal(lines.length, 2, lines.join(', '))
  })
}
