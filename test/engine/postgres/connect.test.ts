import t from 'tap'
import pg from 'pg'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { connectWith } from '../../../lib/engine/postgres/connect.js'
import { startDeafProxy } from '../../helpers/deaf-proxy.js'
import { postgresUrl } from '../../helpers/engines.js'

const LIMITS = { connectionTimeoutMillis: 2_000, query_timeout: 500 }

t.test('all connections see the schema', async t => {
  const connect = connectWith(pg, postgresUrl(), 'Some_schema')
  const pool = connect.pool(LIMITS)
  const client = await connect.client(LIMITS)
  for (const { query } of [pool, { query: client.query.bind(client) }]) t.match(await query('SHOW search_path', undefined), { rows: [{ search_path: '"Some_schema"' }] })
  client.release()
  await pool.close(1_000)
})

t.test('a client of the user\'s own is used', async t => {
  let made = 0
  class Own extends pg.Client {
    constructor (config?: string | pg.ClientConfig) {
      super(config)
      made++
    }
  }
  const pool = new pg.Pool({ connectionString: postgresUrl(), Client: Own } as pg.PoolConfig)
  t.teardown(() => pool.end())
  const client = await connectWith(pg, pool, 'public').client(LIMITS)
  client.release()
  t.equal(made, 1)
})

t.test('a connection that cannot be made is let go', async t => {
  const connect = connectWith(pg, 'postgres://nobody:secret@127.0.0.1:1/nothing', 'public')
  await t.rejects(connect.client(LIMITS), { code: 'ECONNREFUSED' })
  const pool = connect.pool(LIMITS)
  await t.rejects(pool.query('SELECT 1', undefined), { code: 'ECONNREFUSED' })
  await pool.close(0)
  const unfit = connectWith(pg, postgresUrl(), 'no"schema')
  await t.rejects(unfit.client(LIMITS), { code: '42601' })
  const own = unfit.pool(LIMITS)
  await t.rejects(own.query('SELECT 1', undefined), { code: '42601' })
  await own.close(0)
})

t.test('connections that are dead without a word', async t => {
  const url = new URL(postgresUrl())
  const proxy = await startDeafProxy(t, Number(url.port))
  url.port = String(proxy.port)
  const connect = connectWith(pg, url.href, 'public')
  const pool = connect.pool(LIMITS)
  await pool.query('SELECT 1', undefined)
  const quiet = await connect.client(LIMITS)
  const watched = await connect.client(LIMITS, true)
  const broke = once(watched as unknown as pg.Client, 'error')
  await watched.query('LISTEN something')
  proxy.deafen()
  await t.rejects(pool.query('SELECT 1', undefined), { message: 'Query read timeout' })
  t.match(await pool.query('SELECT 1 AS one', undefined), { rows: [{ one: 1 }] }, 'and it is not asked again')
  t.match(await broke, [{ message: 'Connection terminated unexpectedly' }], 'one that is watched is found out')
  proxy.deafen()
  const ended = once(quiet as unknown as pg.Client, 'end')
  const begin = performance.now()
  quiet.release()
  await Promise.all([ended, pool.close(100)])
  t.ok(performance.now() - begin < 1_000, 'they are closed all the same')
})

t.test('a pool that closes gives its questions some time', async t => {
  const pool = connectWith(pg, postgresUrl(), 'public').pool({ ...LIMITS, query_timeout: 5_000 })
  const long = pool.query('SELECT pg_sleep(2)', undefined)
  const short = pool.query('SELECT pg_sleep(0.1)', undefined)
  await setTimeout(50)
  void pool.close(600)
  await short
  await Promise.all([t.rejects(long, { message: /terminated/ }), pool.close(600)])
})

t.test('one that is given back without listeners, and then ended by the server, ends no process', async t => {
  const connect = connectWith(pg, postgresUrl(), 'public')
  const [client, other] = [await connect.client(LIMITS), await connect.client(LIMITS)]
  const stuck = client.query('SELECT pg_sleep(10)').catch((error: Error) => error)
  await setTimeout(50)
  client.removeAllListeners()
  client.release(true)
  await other.query('SELECT pg_terminate_backend($1)', [client.processID])
  t.type(await stuck, Error)
  other.release()
})
