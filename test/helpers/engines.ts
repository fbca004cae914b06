import { cp, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { randomUUID } from 'node:crypto'
import { createRequire } from 'node:module'
import root, { type Test } from 'tap'
import { leaseEngine } from '../../lib/engine/index.js'

/** One of the stores that every behaviour is tested on. */
export interface TestEngine {
  kind: 'redis' | 'postgres' | 'embedded'
  connection: string
}

/** How a test gets to each of them. The embedded one is PostgreSQL, too, and takes seconds to open. */
const ENGINES: Record<TestEngine['kind'], () => string | Promise<string>> = { redis: redisUrl, postgres: postgresUrl, embedded: shared }

/** The engines of this run, which the test command chooses. */
const kinds = (process.env['TEST_ENGINES'] ?? 'redis,embedded').split(',') as Array<TestEngine['kind']>

/** Runs the same tests on each engine of this run. Subtests of one engine run one after the other. */
export async function onEachEngine (t: Test, test: (t: Test, engine: TestEngine) => Promise<void>): Promise<void> {
  for (const kind of kinds) await t.test(kind, async t => { await test(t, { kind, connection: await ENGINES[kind]() }) })
}

let database: Promise<string> | undefined

/** One database for all tests of a file: each takes names of its own, and to open one takes a second. */
function shared (): Promise<string> {
  database ??= embeddedConnection(root)
  return database
}

/** The Redis that the test command provides. */
export function redisUrl (): string {
  const url = process.env['REDIS_URL']
  if (url === undefined) throw new Error('REDIS_URL is not set: run the tests with npm test')
  return url
}

/** The PostgreSQL that the test command provides. */
export function postgresUrl (): string {
  const url = process.env['POSTGRES_URL']
  if (url === undefined) throw new Error('POSTGRES_URL is not set: run the tests with npm test')
  return url
}

/** A database of the test's own, which stays open until the test ends, whatever is registered and closed meanwhile. */
export async function embeddedConnection (t: Test): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'async-jobs-'))
  await cp(await template(), directory, { recursive: true })
  const connection = `file:${directory}`
  const lease = await leaseEngine(connection, {}, silent)
  t.teardown(async () => {
    await lease.release()
    await rm(directory, { recursive: true, force: true })
  })
  return connection
}

/** A job name that no other test uses: test files run side by side on one Redis. */
export function uniqueName (label = 'job'): string {
  return `${label}-${randomUUID()}`
}

export const silent = { debug () {}, info () {}, warn () {}, error () {} }

/** A new database takes seconds; a copy of one that was made before takes a fraction of one. */
async function template (): Promise<string> {
  const pglite = createRequire(import.meta.url).resolve('@electric-sql/pglite')
  const { version } = JSON.parse(await readFile(join(dirname(pglite), '../package.json'), 'utf8')) as { version: string }
  const directory = join(tmpdir(), `async-jobs-template-${version}`)
  if (existsSync(directory)) return directory
  const fresh = await mkdtemp(join(tmpdir(), 'async-jobs-new-'))
  const lease = await leaseEngine(`file:${fresh}`, {}, silent)
  await lease.release()
  // Another test file may have been faster: then the rename fails, and its copy is as good.
  await rename(fresh, directory).catch(() => rm(fresh, { recursive: true, force: true }))
  return directory
}
