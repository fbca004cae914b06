import t from 'tap'
import { withBackend } from 'bullmq'
import pg from 'pg'
import { backendAfter } from '../../../lib/engine/postgres/bullmq-internals.js'
import { postgresUrl, uniqueName } from '../../helpers/engines.js'
import { latch } from '../../helpers/latch.js'

t.test('a queue is ready when we say so, and not when BullMQ has looked at the schema', async t => {
  const pool = new pg.Pool({ connectionString: postgresUrl() })
  t.teardown(() => pool.end())
  const asked: string[] = []
  const query = pool.query.bind(pool) as (...args: unknown[]) => Promise<unknown>
  pool.query = (async (...args: unknown[]) => { asked.push(String(args[0])); return await query(...args) }) as typeof pool.query
  const started = latch()
  const { Queue } = withBackend(backendAfter(started.promise))
  const queue = new Queue(uniqueName(), { connection: pool })
  let ready = false
  const waiting = queue.waitUntilReady().then(() => { ready = true })
  await new Promise(resolve => { setImmediate(resolve) })
  t.notOk(ready, 'BullMQ does not wait for `waitUntilReady` of its connection any more: backendAfter must find another way')
  t.strictSame(asked, [], 'BullMQ asks something before its connection is ready')
  started.open()
  await waiting
  t.strictSame(asked.filter(text => /version|migration/i.test(text)), [], 'BullMQ looks at the schema by itself again: where that fails, its backend stays broken')
  await queue.close()
})
