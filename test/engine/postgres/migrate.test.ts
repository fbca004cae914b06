import t from 'tap'
import { migrate, reasonOf } from '../../../lib/engine/postgres/migrate.js'
import { createDatabase } from '../../helpers/postgres-database.js'

t.test('makes the schema that is named, or BullMQ\'s', async t => {
  const database = await createDatabase(t)
  await migrate(database.url)
  await migrate(database.url, 'Mine')
  t.strictSame(await database.query("SELECT table_schema AS schema FROM information_schema.tables WHERE table_name = 'job' ORDER BY 1"), [{ schema: 'Mine' }, { schema: 'bullmq' }])
})

t.test('says why it could not', async t => {
  t.equal(reasonOf(new Error('connect ECONNREFUSED 127.0.0.1:1')), 'connect ECONNREFUSED 127.0.0.1:1')
  t.equal(reasonOf(Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' })), 'ECONNREFUSED')
})
