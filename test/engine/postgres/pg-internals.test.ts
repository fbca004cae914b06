import t from 'tap'
import pg from 'pg'
import { copyOptions, cut } from '../../../lib/engine/postgres/pg-internals.js'
import { postgresUrl } from '../../helpers/engines.js'

t.test('a connection that is cut ends at once, and its statement fails', async t => {
  const client = new pg.Client({ connectionString: postgresUrl() })
  client.on('error', () => {})
  await client.connect()
  const asleep = client.query('SELECT pg_sleep(60)').catch((error: Error) => error.message)
  const ended = new Promise(resolve => { client.once('end', resolve) })
  cut(client)
  await ended
  t.match(await asleep, /terminated/, 'pg keeps its socket elsewhere: cut must find it')
})

t.test('the options of a pool, with the password that it hides', async t => {
  const pool = new pg.Pool({ user: 'me', password: 'secret', max: 3 })
  t.notOk(Object.keys(pool.options).includes('password'), 'pg hides the password no more: copyOptions needs no line for it')
  t.match(copyOptions(pool), { user: 'me', password: 'secret', max: 3 })
  t.notOk('password' in copyOptions(new pg.Pool({ user: 'me' })))
  await pool.end()
})
