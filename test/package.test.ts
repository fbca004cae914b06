import t, { type Test } from 'tap'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { pack, run } from './helpers/tarball.js'

/* What users get: the tarball, packed from the build that the tests run on, and installed. */

t.setTimeout(180_000)

/** Values that each entry exports. A change here is a change for users. */
const EXPORTS = {
  'fastify-async-jobs': ['JobError', 'Type', 'asyncJobs', 'createWorker', 'default', 'defineJob'],
  'fastify-async-jobs/worker': ['JobError', 'Type', 'createWorker', 'defineJob'],
  'fastify-async-jobs/client': [
    'InputInvalidError', 'JobCanceledError', 'JobFailedError', 'JobNotFinishedError', 'JobNotFoundError', 'JobsClientError', 'NetworkError',
    'OptionInvalidError', 'RequestFailedError', 'WaitTimeoutError', 'createJobsClient', 'isInputInvalidError', 'isJobCanceledError', 'isJobFailedError',
    'isJobNotFinishedError', 'isJobNotFoundError', 'isJobsClientError', 'isNetworkError', 'isOptionInvalidError', 'isRequestFailedError', 'isWaitTimeoutError'
  ]
}

const { path: tarball, files, createProject, install } = await pack(t)
const [service, bare, alone] = await Promise.all([
  install('service', 'fastify', '@types/node'),
  install('bare', '@types/node'),
  unpack('alone')
])

t.test('holds what users need, and nothing else', async t => {
  const stray = files.filter(file => !/^(?:docs\/(?:README|[a-z]+)\.md|README\.md|SECURITY\.md|CHANGELOG\.md|LICENSE|package\.json|dist\/(?:lib|types)\/.+\.(?:js|d\.ts|js\.map))$/.test(file))
  t.strictSame(stray, [])
  for (const file of ['README.md', 'docs/README.md', 'docs/reliability.md', 'SECURITY.md', 'CHANGELOG.md', 'LICENSE', 'dist/lib/index.d.ts']) t.ok(files.includes(file), file)
  const map = JSON.parse(await readFile(join(alone, 'dist/lib/index.js.map'), 'utf8')) as { sourcesContent?: string[] }
  t.match(map.sourcesContent, [/export/], 'a source map holds its source, which is not in the package')
})

t.test('asks for little, and runs nothing when it is installed', async t => {
  const { dependencies, scripts } = JSON.parse(await readFile(join(alone, 'package.json'), 'utf8')) as Record<'dependencies' | 'scripts', Record<string, string>>
  const reasons = await readFile('CONTRIBUTING.md', 'utf8')
  t.ok(Object.keys(dependencies).length <= 8)
  for (const name of Object.keys(dependencies)) t.match(reasons, new RegExp(`^\\|.*\`${name}\`.*\\|.{10,}\\|$`, 'm'), `why ${name} is needed`)
  t.strictSame(Object.keys(scripts).filter(name => /^(?:pre|post)?install$|^prepare$/.test(name)), [])
})

t.test('publint and attw find nothing', async t => {
  t.match(await run(bin('publint'), ['run', tarball, '--strict']), 'All good')
  t.match(await run(bin('attw'), [tarball, '--profile', 'esm-only', '--format', 'json']), '"problems"')
})

for (const [entry, names] of Object.entries(EXPORTS)) {
  t.test(`${entry} can be imported and required`, async t => {
    const imported = await evaluate(service, `import(${JSON.stringify(entry)}).then(found => console.log(JSON.stringify(Object.keys(found).sort())))`)
    t.strictSame(JSON.parse(imported), names)
    const required = await evaluate(service, `console.log(JSON.stringify(Object.keys(require(${JSON.stringify(entry)})).sort()))`)
    // Node adds it where there is a default export.
    t.strictSame((JSON.parse(required) as string[]).filter(name => name !== '__esModule'), names)
  })
}

t.test('a worker needs no Fastify', async t => {
  await withoutFastify(t)
  t.match(await evaluate(bare, "import('fastify-async-jobs/worker').then(({ createWorker }) => console.log(typeof createWorker))"), 'function')
})

/** npm installs it all the same, as the peer of @fastify/sse. Not every package manager does. */
async function withoutFastify (t: Test): Promise<void> {
  const fastify = join(bare, 'node_modules/fastify')
  await rename(fastify, `${fastify}-away`)
  t.teardown(() => rename(`${fastify}-away`, fastify))
}

t.test('the client needs nothing at all, and runs in browsers', async t => {
  t.notOk(existsSync(join(alone, '../ajv')), 'no dependency is installed')
  t.match(await evaluate(alone, "import('fastify-async-jobs/client').then(({ createJobsClient }) => console.log(typeof createJobsClient))"), 'function')
  const bundle = await build({
    stdin: { contents: "export * from 'fastify-async-jobs/client'", resolveDir: alone }, bundle: true, minify: true, platform: 'browser', format: 'esm', write: false, logLevel: 'silent'
  })
  t.strictSame(bundle.errors, [])
  const size = gzipSync(bundle.outputFiles[0]?.contents ?? '').length
  t.ok(size <= 6_000, `${size} bytes, minified and gzipped`)
})

for (const [connection, peer] of [['redis://localhost', 'ioredis'], ['postgres://localhost', 'pg'], ['file:./data', '@electric-sql/pglite']]) {
  t.test(`without ${peer}, ${connection} says what to install`, async t => {
    t.match(await evaluate(bare, `
      const { createWorker, defineJob, Type } = require('fastify-async-jobs/worker')
      const job = defineJob({ name: 'job', input: Type.Null(), output: Type.Null() })
      createWorker(job, () => null, { connection: '${connection}' }).ready().catch(error => console.log(error.code, error.message))
    `), `PEER_MISSING fastify-async-jobs: this connection needs the package "${peer}". Install it: npm install ${peer}`)
  })
}

const WORKER = `
import { createWorker, defineJob, Type, type Processor } from 'fastify-async-jobs/worker'
import { createJobsClient } from 'fastify-async-jobs/client'

export const analysis = defineJob({ name: 'analysis', input: Type.Object({ text: Type.String() }), output: Type.Object({ words: Type.Number() }) })
export const analyse: Processor<typeof analysis> = async ({ text }, { progress }) => {
  await progress(50)
  return { words: text.split(' ').length }
}
createWorker(analysis, analyse, { connection: 'redis://localhost' })
// @ts-expect-error No connection: so its type is not any, although ioredis and pg are not installed.
createWorker(analysis, analyse, { connection: 5 })
export const words: number = (await createJobsClient<typeof analysis>('http://localhost').run({ text: '' })).words
`

const SERVICE = `
import Fastify from 'fastify'
import asyncJobs, { asyncJobs as named, type Job } from 'fastify-async-jobs'
import { analyse, analysis } from './worker.js'

const app = Fastify()
await app.register(asyncJobs, { job: analysis, prefix: '/analysis', connection: 'memory:', processor: analyse })
await app.register(named, { job: analysis, prefix: '/inline', processor: async ({ text }) => ({ words: text.length }) })
export const job: Job = await app.jobs(analysis).submit({ text: '' })
export const words: number = (await app.jobs(analysis).result(job.jobId)).words
`

t.test('types of worker and client resolve without Fastify and the optional peers', async t => {
  await withoutFastify(t)
  await typesFit(t, bare, 'nodenext', { 'worker.ts': WORKER })
})

for (const resolution of ['nodenext', 'bundler']) {
  t.test(`types of all entries resolve under ${resolution}`, async t => {
    await typesFit(t, service, resolution, { 'worker.ts': WORKER, 'service.ts': SERVICE })
  })
}

/** Checks these files, and our declarations with all they refer to. */
async function typesFit (t: Test, project: string, moduleResolution: string, sources: Record<string, string>): Promise<void> {
  const own = join(project, moduleResolution)
  await mkdir(own)
  const compilerOptions = {
    strict: true, noEmit: true, target: 'es2022', types: ['node'], moduleResolution, module: moduleResolution === 'bundler' ? 'esnext' : moduleResolution
  }
  await Promise.all(Object.entries({ ...sources, 'tsconfig.json': JSON.stringify({ compilerOptions }) })
    .map(([file, text]) => writeFile(join(own, file), text)))
  t.equal(await run(bin('tsc'), ['-p', own]), '')
}

/** Our package without its dependencies. */
async function unpack (name: string): Promise<string> {
  const target = join(await createProject(name), 'node_modules/fastify-async-jobs')
  await mkdir(target, { recursive: true })
  await run('tar', ['-xzf', tarball, '-C', target, '--strip-components', '1'])
  return target
}

function evaluate (project: string, code: string): Promise<string> {
  return run(process.execPath, ['--input-type=commonjs', '--eval', code], { cwd: project })
}

function bin (name: string): string {
  return resolve('node_modules/.bin', name)
}
