import t, { type Test } from 'tap'
import { EventEmitter } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import pg from 'pg'
import type { PgPoolClient } from 'bullmq'
import { defineJob, Type } from '../../../lib/index.js'
import { leaseEngine } from '../../../lib/engine/index.js'
import type { QueueEvent } from '../../../lib/engine/engine.js'
import { readPostgresEvents } from '../../../lib/engine/postgres/events.js'
import { postgresUrl, silent, uniqueName } from '../../helpers/engines.js'
import { startService } from '../../helpers/service.js'

t.setTimeout(240_000)

async function connect (t: Test): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: postgresUrl() })
  client.on('error', () => {})
  await client.connect()
  await client.query('SET search_path TO bullmq')
  t.teardown(() => client.end())
  return client
}

t.before(async () => {
  const { release } = await leaseEngine(postgresUrl(), {}, silent)
  await release()
})

/** A queue whose events are read, and by whom they are written. */
async function watch (t: Test): Promise<{ name: string, publish: (client: pg.Client, jobId: string) => Promise<unknown>, told: string[], until: (jobId: string) => Promise<number>, clients: pg.Client[] }> {
  const name = uniqueName()
  const clients: pg.Client[] = []
  const source = readPostgresEvents(name, async () => {
    const client = await connect(t)
    clients.push(client)
    return Object.assign(client, { release () {} }) as unknown as PgPoolClient
  })
  const told: string[] = []
  const closing = new AbortController()
  const waiting = new Map<string, () => void>()
  const note = ({ jobId = '' }: QueueEvent): void => {
    told.push(jobId)
    waiting.get(jobId)?.()
  }
  const reading = (async () => {
    while (!closing.signal.aborted) (await source.read('0').catch(() => [])).forEach(note)
  })()
  t.teardown(async () => {
    closing.abort()
    await source.close()
    await reading
  })
  return {
    name,
    clients,
    told,
    publish: (client, jobId) => client.query("SELECT publish_event($1, 'completed', jsonb_build_object('jobId', $2::text))", [name, jobId]),
    async until (jobId) {
      const begin = performance.now()
      if (!told.includes(jobId)) await new Promise<void>(resolve => { waiting.set(jobId, resolve) })
      return performance.now() - begin
    }
  }
}

t.test('events that are committed in another order than that of their ids', async t => {
  const { publish, told, until } = await watch(t)
  const [slow, slower, fast] = [await connect(t), await connect(t), await connect(t)]
  await publish(fast, 'first')
  await until('first')
  for (const [client, jobId] of [[slow, 'slow'], [slower, 'slower']] as const) {
    await client.query('BEGIN')
    await publish(client, jobId)
  }
  // Nobody notifies of it while others hold the lock for that.
  await publish(fast, 'fast')
  t.ok(await until('fast') < 1_000, 'one that nobody notifies of')
  await setTimeout(1_500)
  await publish(fast, 'last')
  await until('last')
  await slow.query('COMMIT')
  t.ok(await until('slow') < 1_000, 'one that comes late')
  await slower.query('ROLLBACK')
  await publish(fast, 'end')
  await until('end')
  t.strictSame(told, ['first', 'fast', 'last', 'slow', 'end'], 'each once')
})

t.test('many writers: each event is told, and once', async t => {
  const { publish, told, until } = await watch(t)
  const writers = await Promise.all(Array.from({ length: 10 }, () => connect(t)))
  await Promise.all(writers.map(async (client, writer) => {
    for (let n = 0; n < 40; n++) {
      if (n % 3 === 0) await client.query('BEGIN')
      await publish(client, `${writer}-${n}`)
      if (n % 3 === 2) await client.query('COMMIT')
    }
    await client.query('COMMIT')
  }))
  const waits = await Promise.all(writers.flatMap((_, writer) => Array.from({ length: 40 }, (_, n) => until(`${writer}-${n}`))))
  t.ok(Math.max(...waits) < 1_000)
  t.equal(told.length, 400)
  t.equal(new Set(told).size, 400)
})

t.test('more events at once than are read at once', async t => {
  const { name, publish, told, until } = await watch(t)
  const writer = await connect(t)
  await writer.query("SELECT publish_event($1, 'completed', jsonb_build_object('jobId', n::text)) FROM generate_series(1, 2500) AS n", [name])
  await publish(writer, 'last')
  await until('last')
  t.strictSame(told, [...Array.from({ length: 2_500 }, (_, n) => String(n + 1)), 'last'], 'each once, in order')
})

t.test('goes on where its connection broke', async t => {
  const { name, publish, told, until, clients } = await watch(t)
  const writer = await connect(t)
  await publish(writer, 'before')
  await until('before')
  await writer.query('SELECT pg_terminate_backend($1)', [(clients[0] as unknown as { processID: number }).processID])
  await publish(writer, 'after')
  await until('after')
  t.strictSame(told, ['before', 'after'], 'and tells nothing twice')
  await writer.query('DELETE FROM event WHERE queue = $1', [name])
  await publish(writer, 'later')
  await until('later')
})

t.test('20 clients that wait for their jobs', async t => {
  const job = defineJob({ name: uniqueName(), input: Type.Object({}), output: Type.Object({}) })
  const { app } = await startService(t, { job, connection: postgresUrl(), processor: async () => ({}), worker: { concurrency: 20 } })
  const begin = performance.now()
  const times: number[] = []
  await Promise.all(Array.from({ length: 20 }, async () => {
    for (let n = 0; n < 15; n++) {
      const sent = performance.now()
      const { statusCode } = await app.inject({ method: 'POST', url: '/jobs', headers: { prefer: 'wait=20' }, payload: {} })
      t.equal(statusCode, 200)
      times.push(performance.now() - sent)
    }
  }))
  times.sort((a, b) => a - b)
  t.comment(`${Math.round(300_000 / (performance.now() - begin))} jobs/s, ${Math.round(times[150] as number)} ms, at most ${Math.round(times.at(-1) as number)} ms`)
  t.ok(times.at(-1) as number < 5_000, 'none is found only by looking again after 15 s')
})

t.test('a connection that cannot listen is let go, and says nothing of the next one', async t => {
  const clients: Array<EventEmitter & { released: boolean }> = []
  const source = readPostgresEvents(uniqueName(), async () => {
    const client = Object.assign(new EventEmitter(), {
      released: false,
      release () { client.released = true },
      async query (text: string) {
        if (clients.length === 1 && text.startsWith('LISTEN')) throw new Error('no')
        return { rows: text.startsWith('LISTEN') ? [] : [{ oldest: '1', next: '1', first: null, id: null, event: '', job_id: null }] }
      }
    })
    clients.push(client)
    return client as unknown as PgPoolClient
  })
  await t.rejects(source.read('0'), { message: 'no' })
  t.ok(clients[0]?.released)
  t.strictSame(await source.read('0'), [])
  clients[0]?.emit('error', new Error('late'))
  t.strictSame(await source.read('0'), [])
  t.equal(clients.length, 2, 'which is still in use')
  await source.close()
})
