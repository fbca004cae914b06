import t from 'tap'
import pg from 'pg'
import { connectWith } from '../../../lib/engine/postgres/connect.js'
import { PostgresPool } from '../../../lib/engine/postgres/pool.js'
import { startDeafProxy } from '../../helpers/deaf-proxy.js'
import { postgresUrl } from '../../helpers/engines.js'

const LIMITS = { connectionTimeoutMillis: 2_000, query_timeout: 1_000 }

function open (url: string): { pool: PostgresPool, failures: unknown[] } {
  const failures: unknown[] = []
  return { pool: new PostgresPool(connectWith(pg, url, 'public'), LIMITS, error => { failures.push(error) }), failures }
}

t.test('asks, tells of failures, and keeps JSON\'s null', async t => {
  const { pool, failures } = open(postgresUrl())
  t.equal(JSON.stringify(await pool.query("SELECT $1::int AS one, 'null'::jsonb AS data", [1]).then(({ rows }) => rows)), '[{"one":1,"data":null}]')
  await t.rejects(pool.query('nonsense'), { code: '42601' })
  t.match(failures, [{ code: '42601' }])
  const client = await pool.connect()
  t.match(await client.query('SELECT 1 AS one'), { rows: [{ one: 1 }] })
  client.release(true)
  await pool.end()
  await pool.end()
  const late = await pool.connect()
  await t.rejects(late.query('SELECT 1'), 'nothing is opened after the end')
})

t.test('one that cannot be reached', async t => {
  const { pool, failures } = open('postgres://nobody:secret@127.0.0.1:1/nothing')
  await t.rejects(pool.connect(), { code: 'ECONNREFUSED' })
  await t.rejects(pool.query('SELECT 1'), { code: 'ECONNREFUSED' })
  t.equal(failures.length, 2)
  await pool.end()
})

t.test('exchanges its connections: what is under way is answered, what is dead is asked no more', async t => {
  const url = new URL(postgresUrl())
  const proxy = await startDeafProxy(t, Number(url.port))
  url.port = String(proxy.port)
  const { pool } = open(url.href)
  await Promise.all([1, 2, 3].map(() => pool.query('SELECT pg_sleep(0.05)')))
  proxy.deafen()
  const underWay = pool.query('SELECT 1')
  pool.renew()
  await Promise.all([pool.query('SELECT 1'), t.rejects(underWay, { message: 'Query read timeout' })])
  const slow = pool.query('SELECT pg_sleep(0.2)')
  await new Promise(resolve => { setTimeout(resolve, 50) })
  pool.renew()
  await slow
  const client = await pool.connect()
  await pool.end()
  await t.rejects(client.query('SELECT 1'))
  pool.renew()
  await t.rejects(pool.query('SELECT 1'), { message: /after calling end/ })
})
