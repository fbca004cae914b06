import t from 'tap'
import { defineJob, Type } from '../../../lib/index.js'
import { keepNull } from '../../../lib/engine/postgres/json-null.js'
import { embeddedConnection, postgresUrl, redisUrl, uniqueName } from '../../helpers/engines.js'
import { eventually, startService } from '../../helpers/service.js'

t.test('what is null stays null in JSON, all else is as it was', async t => {
  const rows = keepNull({ rows: [{ data: null }, { data: {} }, { data: 0 }, { id: 1 }] }).rows
  t.equal(JSON.stringify(rows.map(({ data }) => data ?? {})), '[null,{},0,{}]')
})

for (const [engine, open] of Object.entries({ redis: async () => redisUrl(), PostgreSQL: async () => postgresUrl(), embedded: embeddedConnection })) {
  t.test(`the input null on ${engine}`, async t => {
    const job = defineJob({ name: uniqueName(), input: Type.Union([Type.Null(), Type.Object({})]), output: Type.Object({ json: Type.String() }) })
    const { app, submit, until, result } = await startService(t, { job, connection: await open(t), processor: input => ({ json: JSON.stringify(input) }) })
    for (const input of [null, {}]) {
      const headers = { 'idempotency-key': `key-${JSON.stringify(input)}` }
      const { body: { jobId } } = await eventually(() => submit(input, headers), ({ statusCode }) => statusCode === 202)
      t.match(await submit(input, headers), { statusCode: 202, headers: { 'idempotent-replayed': 'true' }, body: { jobId } }, 'the same again')
      t.match(await submit({ other: true }, headers), { statusCode: 422 }, 'another one')
      await until(jobId, 'completed')
      t.strictSame((await result(jobId)).body, { json: JSON.stringify(input) }, 'the processor gets exactly that')
      t.strictSame((await app.jobs(job).queue.getJob(jobId))?.data, input)
    }
  })
}
