import t from 'tap'
import { defineJob, Type } from '../../../lib/index.js'
import { embeddedConnection, uniqueName } from '../../helpers/engines.js'
import { startService } from '../../helpers/service.js'
import { openEmbedded } from '../../../lib/engine/embedded/embedded.js'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { tmpdir } from 'node:os'

const schemas = { input: Type.Object({ text: Type.String() }), output: Type.Object({ ok: Type.Boolean() }) }

t.test('a directory keeps jobs over a restart', async t => {
  const directory = await mkdtemp(join(tmpdir(), 'async-jobs-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  const job = defineJob({ ...schemas, name: uniqueName() })
  const first = await startService(t, { job, connection: `file:${directory}` })
  const { body: { jobId } } = await first.submit({ text: 'hello' })
  await first.app.close()
  const second = await startService(t, { job, connection: `file:${directory}`, processor: ({ text }) => ({ ok: text === 'hello' }) })
  await second.until(jobId, 'completed')
  t.match(await second.result(jobId), { body: { ok: true } })
})

t.test('does a job soon, not at the next look', async t => {
  const job = defineJob({ ...schemas, name: uniqueName() })
  const { submit, until } = await startService(t, { job, connection: await embeddedConnection(t), processor: () => ({ ok: true }) })
  await until((await submit({ text: 'first' })).body.jobId, 'completed')
  const begun = performance.now()
  for (let n = 0; n < 5; n++) await until((await submit({ text: 'a' })).body.jobId, 'completed')
  t.ok(performance.now() - begun < 5_000, 'BullMQ looks every five seconds; its notifications must arrive')
})

t.test('runs a statement with and without parameters, and several at once', async t => {
  const engine = await openEmbedded(undefined)
  t.teardown(() => engine.close())
  const queue = engine.openQueue('jobs')
  await queue.add('jobs', { text: 'a' })
  t.equal(await queue.count(), 1)
  t.equal(engine.kind, 'embedded')
  t.ok(engine.available)
})
