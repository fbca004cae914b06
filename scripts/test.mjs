/*
 * npm test: installs what is missing, lints, checks types, builds, and runs the tests that a change needs first.
 * npm run test:all: the same with all tests, and with coverage.
 * npm test -- test/worker/worker.test.ts: builds, and runs only these files, without lint.
 * The last line says how many assertions passed and failed. Any other failure counts as one.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { build } from './build.mjs'
import { LEAST_COVERAGE, statementsCovered, unloadedSources } from './coverage.mjs'
import { installMissing } from './install.mjs'
import { provideNginx } from './nginx.mjs'
import { Interrupted, run, throwIfInterrupted } from './run.mjs'
import { provideSchemathesis } from './schemathesis.mjs'
import { TapDigest } from './tap-digest.mjs'
import { provideBrowser, providePgbouncer, provideServers } from './test-servers.mjs'

process.chdir(join(import.meta.dirname, '..'))

const TAP = 'node_modules/tap/dist/esm/run.mjs'

/** Tests that take long, or need a browser, a second Node or Python. */
const LONG = [
  'test/browser', 'test/chaos', 'test/engine/embedded', 'test/examples', 'test/hosts', 'test/integration', 'test/security', 'test/worker/sandbox',
  'test/package.test.ts', 'test/readme.test.ts', 'test/versions.test.ts'
]

const { values: { all }, positionals: files } = parseArgs({ allowPositionals: true, options: { all: { type: 'boolean', default: false } } })
/** What both PostgreSQL and the embedded engine would show is shown on the faster one. */
const isShort = !all && files.length === 0

const digest = new TapDigest(line => console.log(line))
/** @type {import('./test-servers.mjs').Server[]} */
const servers = []
/** @type {string[]} */
const failures = []

try {
  await installMissing()
  await attempt('tap', buildTap)
  console.log('Linting, checking types, building')
  const [ready] = await Promise.all([
    attempt('servers, browser and Schemathesis', async () => {
      // One after the other, because only one apt-get can run at a time.
      await provideServers(servers)
      if (needs('test/engine')) await providePgbouncer()
      if (needs('test/browser')) await provideBrowser()
      if (needs('test/hosts')) await provideNginx()
      if (needs('test/security')) await provideSchemathesis()
    }),
    attempt('types and build', () => build('test')),
    files.length === 0 && attempt('lint', lint)
  ])
  throwIfInterrupted()
  if (ready) await attempt('tests', runTests)
  throwIfInterrupted()
} catch (error) {
  if (error instanceof Interrupted) {
    process.exitCode = error.exitCode
    // The other failures may have come from the interruption.
    failures.length = 0
  }
  failures.push(reason(error))
} finally {
  await Promise.all(servers.map(server => server.stop()))
}

const { pass = 0, fail = 0 } = digest.counts
for (const failure of failures) console.log(`FAILED ${failure}`)
if (fail + failures.length > 0) process.exitCode ??= 1
console.log(`${pass} passed, ${fail + failures.length} failed`)

/** @param {string} directory a directory of tests that need more than the servers */
function needs (directory) {
  return files.length === 0 ? all || !LONG.includes(directory) : files.some(file => file.startsWith(directory))
}

/** @returns {string[]} the arguments that tell tap which tests to run */
function selection () {
  if (all) return []
  if (files.length === 0) return ['--disable-coverage', ...LONG.map(path => `--exclude=dist/${path.endsWith('.ts') ? compiled(path) : `${path}/**`}`)]
  return ['--disable-coverage', ...files.map(file => `dist/${compiled(file)}`)]
}

/** @param {string} file */
function compiled (file) {
  return file.replace(/\.ts$/, '.js')
}

/**
 * Builds tap without the plugins that .taprc leaves out. Otherwise tap notices only in its first run that it has them,
 * and runs with them.
 */
async function buildTap () {
  const built = readFileSync('node_modules/@tapjs/test/test-built/dist/esm/index.js', 'utf8')
  if (built.includes('@tapjs/typescript')) return run(process.execPath, [TAP, 'build'])
}

function lint () {
  return run(process.execPath, ['node_modules/eslint/bin/eslint.js', '.'])
}

/** @returns {Promise<number>} the exit code; 0 also if the digest has the failures */
async function runTests () {
  /** @type {number | undefined} */
  let covered
  const code = await run(process.execPath, [TAP, 'run', '--reporter=tap', ...selection()], {
    env: { ...process.env, ...(isShort && { TEST_ENGINES: 'redis,postgres' }) },
    onLine: line => {
      digest.write(line)
      covered ??= statementsCovered(line)
    }
  })
  digest.flush()
  throwIfInterrupted()
  if (all) {
    failures.push(...unloadedSources().map(source => `${source}: no test loads it`))
    if (covered === undefined || covered < LEAST_COVERAGE) failures.push(`coverage: ${covered ?? 'none'} % of the statements of lib, less than ${LEAST_COVERAGE}`)
  }
  return digest.counts.fail ? 0 : code
}

/**
 * @param {string} name
 * @param {() => Promise<number | void>} step resolves with an exit code, or throws
 * @returns whether it succeeded
 */
async function attempt (name, step) {
  try {
    const code = await step()
    if (!code) return true
    failures.push(`${name}: exit code ${code}, see above`)
  } catch (error) {
    failures.push(`${name}: ${reason(error)}`)
  }
  return false
}

/** @param {unknown} error */
function reason (error) {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message} ${error.cause.message}` : error.message
}
