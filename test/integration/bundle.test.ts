import t from 'tap'
import { execFile } from 'node:child_process'
import { mkdir, rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { build, type Format } from 'esbuild'
import { redisUrl, uniqueName } from '../helpers/engines.js'

/* A server that was bundled by esbuild. */

const SERVER = `
import Fastify from 'fastify'
import { asyncJobs, defineJob, Type } from 'fastify-async-jobs'
const job = defineJob({ name: process.env.JOB, input: Type.Object({}), output: Type.Object({}) })
async function run () {
  const app = Fastify()
  await app.register(asyncJobs, { job, prefix: '/jobs', connection: process.env.REDIS_URL, processor: process.env.PROCESSOR || (() => ({})) })
  const { statusCode, body } = await app.inject({ method: 'POST', url: '/jobs', payload: {}, headers: { prefer: 'wait=20' } })
  console.log(statusCode, body)
  await app.close()
}
run().catch(error => { console.log(error.code, error.message) })
`

/** Inside the package, so that what is external is found there. */
const DIRECTORY = resolve('dist', `bundle-${process.pid}`)
const EXTERNAL = ['fastify-async-jobs', 'fastify']
const MODULE = resolve('dist/test/fixtures/echo-processor.js')

const cases: Record<string, { format: Format, external?: string[], processor?: string, prints: RegExp }> = {
  'all of it in CommonJS': { format: 'cjs', prints: /^200 {}\n$/ },
  'all of it, with a sandbox': { format: 'cjs', processor: MODULE, prints: /^OPTION_INVALID .*--external:fastify-async-jobs/ },
  'CommonJS, the package external': { format: 'cjs', external: EXTERNAL.slice(0, 1), processor: MODULE, prints: /^200 {/ },
  'an ES module, the package and Fastify external': { format: 'esm', external: EXTERNAL, processor: MODULE, prints: /^200 {/ }
}

t.before(() => mkdir(DIRECTORY, { recursive: true }))
t.teardown(() => rm(DIRECTORY, { recursive: true, force: true }))

for (const [index, [name, { format, external = [], processor = '', prints }]] of Object.entries(cases).entries()) {
  t.test(name, async t => {
    const outfile = `${DIRECTORY}/${index}.${format === 'cjs' ? 'cjs' : 'mjs'}`
    await build({ stdin: { contents: SERVER, resolveDir: process.cwd() }, bundle: true, platform: 'node', format, external, outfile, logLevel: 'error' })
    const { NODE_OPTIONS: _, ...env } = process.env
    const { stdout } = await promisify(execFile)(process.execPath, [outfile], { env: { ...env, JOB: uniqueName(), REDIS_URL: redisUrl(), PROCESSOR: processor, NODE_V8_COVERAGE: '' } })
    t.match(stdout, prints)
  })
}
