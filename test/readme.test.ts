import t from 'tap'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createRequire } from 'node:module'
import { randomUUID } from 'node:crypto'
import { promisify } from 'node:util'
import { redisUrl } from './helpers/engines.js'

const ROOT = new URL('../../', import.meta.url).pathname
/** Inside the package, so that the snippets may import it by its name. */
const DIRECTORY = join(ROOT, 'dist/readme')

/** Uses what the snippets export that are no programs by themselves. */
const USES = `
import Fastify from 'fastify'
import { asyncJobs } from 'fastify-async-jobs'
import { createJobsClient } from 'fastify-async-jobs/client'
import { analysisRoutes } from './deadlines.js'
import { watch } from './events.js'
import { unwrap, wrapAnswers } from './envelope.js'
import { begin, goOn, watchAll } from './follow.js'
import { analyseNow, uploadRoute } from './handle.js'
import { ownJobs } from './owner.js'
import { analysis } from './analysis.job.js'
import { charge, createCharge } from './charge.js'
import analyse from './processor.js'
import { answer, streamAnswer } from './tokens.js'

const connection = process.env.REDIS_URL
const jobs = createJobsClient(process.env.API)
const id = await begin(jobs, 'a stormy night')
console.log('follow', (await goOn(jobs, id)).longest)
await watchAll(jobs, [id])
await new Promise(resolve => { watch(process.env.API + '/events/' + id, job => { if (job.status === 'completed') resolve() }, () => {}) })
console.log('events')

const app = Fastify()
app.addContentTypeParser('text/plain', { parseAs: 'string' }, (_request, body, done) => { done(null, body) })
await app.register(asyncJobs, { job: answer, prefix: '/answer', connection, processor: streamAnswer })
await app.register(asyncJobs, { job: analysis, prefix: '/analysis', connection })
const bank = { charge: async (cents, { idempotencyKey }) => idempotencyKey + ' paid ' + cents }
await app.register(asyncJobs, { job: Object.freeze({ ...charge, name: analysis.name + '-charge' }), prefix: '/charge', connection, processor: createCharge(bank) })
await app.register(asyncJobs, { job: Object.freeze({ ...analysis, name: analysis.name + '-processor' }), prefix: '/processor', connection, processor: analyse })
await app.register(uploadRoute)
await app.ready()
const asked = await app.jobs(answer).submit({ question: 'why?' })
const tokens = []
for await (const event of app.jobs(answer).events(asked.jobId)) if (event.type === 'output') tokens.push(event.data)
console.log('tokens', tokens.join('') === 'You asked: why?', (await app.jobs(answer).wait(asked.jobId)).text)
console.log('handle', (await analyseNow(app, 'it was dark')).words)
const uploaded = await app.inject({ method: 'POST', url: '/upload', headers: { 'content-type': 'text/plain' }, payload: 'hello' })
const processed = await app.inject({ method: 'POST', url: '/processor', headers: { prefer: 'wait=10' }, payload: { text: 'two words' } })
console.log('charge', (await app.inject({ method: 'POST', url: '/charge', headers: { prefer: 'wait=10' }, payload: { cents: 5 } })).json().receipt)
console.log('processor', processed.json().words)
console.log('upload', uploaded.statusCode, (await app.inject('/waiting')).statusCode)
await app.close()

const wrapping = Fastify()
wrapAnswers(wrapping)
await wrapping.register(asyncJobs, { job: Object.freeze({ ...analysis, name: analysis.name + '-wrapped' }), prefix: '/wrapped', connection, processor: analyse })
const wrapped = await wrapping.listen() + '/wrapped'
for (const transport of ['sse', 'long-poll']) console.log('unwrapped', (await createJobsClient(wrapped, { fetch: unwrap, transport }).run({ text: 'two words' })).words)
console.log('wrapped', (await (await fetch(wrapped, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"text":"a"}' })).json()).data.status)
await wrapping.close()

const other = Fastify()
await other.register(analysisRoutes)
console.log('deadlines', (await other.inject({ method: 'POST', url: '/analysis', payload: { text: 'hello' }, headers: { 'x-plan': 'paid' } })).statusCode)
await other.close()

const owned = Fastify()
await ownJobs(owned)
await owned.ready()
const [alice, bob] = ['alice', 'bob'].map(sub => ({ authorization: 'Bearer ' + owned.jwt.sign({ sub }) }))
const submission = { method: 'POST', url: '/own', payload: { text: 'mine' } }
const owns = (await owned.inject({ ...submission, headers: alice })).json().links.status
const asks = headers => owned.inject({ url: owns, headers }).then(({ statusCode }) => statusCode)
console.log('owner', (await owned.inject(submission)).statusCode, await asks(alice), await asks(bob))
await owned.close()
process.exit(0)
`

/** A code block: what language it is in, the name of its file where it begins with one, and the code. */
interface Snippet {
  page: string
  language: string
  name: string | undefined
  code: string
}

/** All code blocks of README.md and of the guides. */
async function snippets (): Promise<Snippet[]> {
  const guides = (await readdir(join(ROOT, 'docs'))).filter(name => name.endsWith('.md')).sort()
  const pages = await Promise.all(['README.md', ...guides.map(name => `docs/${name}`)].map(async page => ({ page, text: await readFile(join(ROOT, page), 'utf8') })))
  return pages.flatMap(({ page, text }) => [...text.matchAll(/^```(\w*)\n(?:\/\/ (\S+)\n)?([\s\S]*?)^```$/gm)]
    .map(([, language = '', name, code = '']) => ({ page, language, name, code })))
}

/** Pastes a line into a shell. It prints JSON. */
async function inShell (line: string): Promise<{ jobId?: string }> {
  const { stdout } = await promisify(execFile)('sh', ['-c', line], { env: { PATH: process.env['PATH'] } })
  return JSON.parse(stdout) as { jobId?: string }
}

function start (file: string, env: Record<string, string>): { output: string, exited: Promise<number>, printed (text: string): Promise<void>, stop (signal: NodeJS.Signals): void } {
  const child = spawn(process.execPath, [join(DIRECTORY, file)], { env: { ...process.env, ...env, NODE_V8_COVERAGE: '' } })
  const started = { output: '', exited: once(child, 'exit').then(([code]) => Number(code)), printed, stop: (signal: NodeJS.Signals) => { child.kill(signal) } }
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => { started.output += String(chunk) })
  async function printed (text: string): Promise<void> {
    while (!started.output.includes(text)) {
      const [event] = await Promise.race([once(child.stdout, 'data').then(() => ['data']), started.exited.then(() => ['exit'])])
      if (event === 'exit' && !started.output.includes(text)) throw new Error(`It ended without printing ${text}: ${started.output}`)
    }
  }
  return started
}

t.test('the snippets of the README and of docs compile and run', async t => {
  const all = await snippets()
  const programs = all.filter(({ language }) => /^[jt]s$/.test(language))
  for (const { page, name, code } of programs) t.ok(name, `${page} names the file of each snippet, also of ${code.slice(0, 60)}`)
  const files = new Map(programs.map(({ name, code }) => [String(name), code]))
  t.equal(files.size, programs.length, 'no two snippets have one name')
  t.strictSame([...files.keys()].sort(), [
    'analysis.job.ts', 'charge.ts', 'client.ts', 'deadlines.ts', 'envelope.ts', 'events.ts', 'follow.ts', 'handle.ts', 'owner.ts', 'processor.ts',
    'sandboxed.ts', 'server.mjs', 'service.test.ts', 'tokens.ts', 'worker.ts'
  ])
  // The program of the README runs as it is, and is TypeScript, too.
  const server = files.get('server.mjs') as string
  files.delete('server.mjs')
  files.set('typed-server.ts', server)
  await rm(DIRECTORY, { recursive: true, force: true })
  await mkdir(DIRECTORY, { recursive: true })
  for (const [name, code] of files) await writeFile(join(DIRECTORY, name), code)
  await cp(join(ROOT, 'tsconfig.base.json'), join(DIRECTORY, 'tsconfig.base.json'))
  await writeFile(join(DIRECTORY, 'tsconfig.json'), JSON.stringify({ extends: './tsconfig.base.json', compilerOptions: { sourceMap: false, declaration: false }, files: [...files.keys()] }))
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')
  const compiler = spawn(process.execPath, [tsc, '-p', DIRECTORY], { env: { ...process.env, NODE_V8_COVERAGE: '' } })
  let errors = ''
  compiler.stdout.on('data', chunk => { errors += String(chunk) })
  await once(compiler, 'exit')
  t.equal(errors, '', 'they compile')

  // A queue of its own on the Redis of all tests.
  const queue = `'readme-${randomUUID()}'`
  const definition = join(DIRECTORY, 'analysis.job.js')
  await writeFile(definition, (await readFile(definition, 'utf8')).replace("'analysis'", queue))
  await writeFile(join(DIRECTORY, 'server.mjs'), server.replace("'analysis'", queue))
  const service = start('server.mjs', { REDIS_URL: redisUrl(), PORT: '0' })
  await service.printed('Server listening at http://127.0.0.1')
  const [, host] = /http:\/\/(127\.0\.0\.1:\d+)/.exec(service.output) ?? []
  const api = `http://${host}/api/v1/analysis`

  await t.test('the three curl lines of the README, and what they answer', async t => {
    const shown = all.filter(({ page }) => page === 'README.md')
    const lines = shown.flatMap(({ language, code }) => language === 'sh' ? code.split('\n').filter(line => line.startsWith('curl ')) : [])
    const [submit = '', status = '', result = ''] = lines.map(line => line.replace('localhost:3000', String(host)))
    t.equal(lines.length, 3)
    const [job = '', later = ''] = shown.filter(({ language, code }) => language === '' && code.startsWith('{')).map(({ code }) => code)
    const submitted = await inShell(submit)
    t.strictSame(Object.keys(submitted), Object.keys(JSON.parse(job) as object), 'the job has the fields that the README shows')
    const { jobId } = submitted
    await (await fetch(`${api}/status/${jobId}?wait=10`)).body?.cancel()
    t.match(await inShell(status.replace('$id', String(jobId))), { jobId, status: 'completed', progress: 100, message: '7 words' })
    t.strictSame(await inShell(result.replace('$id', String(jobId))), JSON.parse(later.split('\n')[1] as string))
  })

  const client = start('client.js', { API: api, TOKEN: 'x' })
  t.equal(await client.exited, 0, client.output)
  t.match(client.output, /completed 100[\s\S]*stormy\n$/)

  await writeFile(join(DIRECTORY, 'uses.js'), USES)
  const uses = start('uses.js', { API: api, REDIS_URL: redisUrl() })
  t.equal(await uses.exited, 0, uses.output)
  for (const line of ['follow stormy', 'events', 'tokens true You asked: why?', 'handle 3', 'processor 2', / paid 5$/m, 'upload 202 200', /unwrapped 2\nunwrapped 2\nwrapped pending/, 'deadlines 202', 'owner 401 200 404']) t.match(uses.output, line)

  const workers = ['worker.js', 'sandboxed.js'].map(file => start(file, { REDIS_URL: redisUrl() }))
  const test = start('service.test.js', {})
  t.equal(await test.exited, 0, test.output)
  for (const worker of workers) worker.stop('SIGTERM')
  service.stop('SIGKILL')
  await service.exited
  for (const worker of workers) t.ok([0, null, NaN].includes(await worker.exited), worker.output)
})
