import t from 'tap'
import { defineJob, Type } from '../../lib/index.js'
import { onEachEngine, uniqueName } from '../helpers/engines.js'
import { startService } from '../helpers/service.js'

t.test('a job through the three routes', t => onEachEngine(t, async (t, { connection }) => {
  const job = defineJob({ name: uniqueName(), input: Type.Object({ text: Type.String() }), output: Type.Object({ length: Type.Number() }) })
  const { submit, until, result } = await startService(t, { job, connection, processor: ({ text }) => ({ length: text.length }) })
  const { body } = await submit({ text: 'hello' })
  await until(body.jobId, 'completed')
  t.match(await result(body.jobId), { statusCode: 200, body: { length: 5 } })
}))
