import t from 'tap'
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { readFile } from 'node:fs/promises'
import { defineJob, Type } from '../../../lib/index.js'
import { createDatabase } from '../../helpers/postgres-database.js'
import { startService } from '../../helpers/service.js'

t.setTimeout(240_000)

interface Ended { code: number, stdout: string, stderr: string }

function run (...args: string[]): Promise<Ended> {
  return new Promise(resolve => {
    execFile(process.execPath, [fileURLToPath(new URL('../../../lib/engine/postgres/cli.js', import.meta.url)), ...args], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })
}

t.test('says how it is used', async t => {
  for (const args of [[], ['migrate'], ['migrate', 'redis://localhost'], ['migrate', 'postgres://h/d', 'more'], ['drop', 'postgres://h/d'], ['migrate', 'postgres://h/d', '--schema', 'a"b'], ['migrate', '--force']]) {
    t.match(await run(...args), { code: 2, stdout: '', stderr: /^Usage: fastify-async-jobs migrate <url>/ }, args.join(' '))
  }
})

t.test('a service whose role may only use the schema', async t => {
  const database = await createDatabase(t)
  const role = new URL(database.url).username
  const admin = new URL(database.url)
  admin.username = 'postgres'
  await database.alter('OWNER TO postgres')
  const job = defineJob({ name: 'job', input: Type.Object({}), output: Type.Object({ ok: Type.Boolean() }) })
  const options = { job, connection: database.url, schema: 'jobs', processor: async () => ({ ok: true }) }

  t.match(await run('migrate', database.url, '--schema', 'jobs'), { code: 1, stderr: /may not make or use the schema "jobs": permission denied for database/ })
  await t.rejects(startService(t, options), { code: 'SCHEMA_RIGHTS' })
  for (let time = 0; time < 2; time++) t.match(await run('migrate', admin.href, '--schema', 'jobs'), { code: 0, stdout: 'The schema is ready.\n', stderr: '' })

  // Exactly what the page says.
  const [, grants = ''] = /```sql\n([^`]+)```/.exec(await readFile('docs/postgresql.md', 'utf8')) ?? []
  for (const grant of grants.trim().split('\n')) {
    await t.rejects(startService(t, options), { code: 'SCHEMA_RIGHTS' })
    await database.query(grant.replace('TO service', `TO ${role}`))
  }
  const { app, submit, until, result } = await startService(t, options)
  const { body: { jobId } } = await submit({}, { 'idempotency-key': 'a' })
  t.equal((await submit({}, { 'idempotency-key': 'a' })).body.jobId, jobId)
  await until(jobId, 'completed')
  t.match(await result(jobId), { statusCode: 200, body: { ok: true } })
  await app.close()
})

t.test('one that cannot be reached', async t => {
  t.match(await run('migrate', 'postgres://nobody:secret@127.0.0.1:1/nothing'), { code: 1, stderr: /ECONNREFUSED/ })
})
