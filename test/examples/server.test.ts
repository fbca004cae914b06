import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import t from 'tap'
import type { Job } from '../../lib/index.js'
import { redisDatabase, root, runExample, startExample, temporaryDirectory } from '../helpers/example.js'
import { lintDocuments } from '../helpers/redocly.js'

const started = /\/result\/\$id; echo\n/

t.test('on the embedded engine', async t => {
  const cwd = await temporaryDirectory(t)
  const first = await startExample(t, 'server.js', started, {}, cwd)
  const lines = commands(first.output())
  let jobId: string

  await t.test('the three lines that it prints work in a shell as they are', async t => {
    t.equal(lines.length, 3)
    const [job, status, result, ...more] = await inShell(lines)
    t.match(job, { status: 'pending', links: { status: String } })
    jobId = (job as Job).jobId
    t.match(status, { jobId, status: /^(pending|in_progress|completed)$/ })
    t.match(result, { title: "Alice's Adventures in Wonderland", statistics: { words: 26444 }, keywords: [{ term: 'alice' }] })
    t.same(more, [])
  })

  await t.test('its document has nothing that Redocly would better', async t => {
    const answer = await fetch(`${first.origin}/docs/json`)
    const document = await answer.json() as { openapi: string, paths: object }
    t.same(await lintDocuments({ example: document }), [])
    t.match(document, { openapi: '3.1.0', paths: { '/api/v1/analysis': {}, '/api/v1/analysis/status/{jobId}': {}, '/api/v1/analysis/result/{jobId}': {} } })
  })

  await t.test('Swagger UI is where it says, and the page where one looks first', async t => {
    for (const [path, content] of [['/docs', /swagger-ui/], ['/', /<title>Text analysis/], ['/page.js', /createJobsClient|idempotency-key/], ['/style.css', /prefers-color-scheme/], ['/texts/opticks.txt', /Newton/]] as const) {
      const page = await fetch(first.origin + path)
      t.equal(page.status, 200, path)
      t.match(await page.text(), content)
    }
  })

  await t.test('a text of the greatest length fits, also with every character escaped', async t => {
    const text = '\\ud83d\\ude00'.repeat(1_000_000)
    const answer = await fetch(`${first.origin}/api/v1/analysis`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: `{"text":"${text}","title":""}` })
    t.match(await answer.json(), { code: 'INPUT_INVALID', issues: [{ pointer: '/title', detail: 'must NOT have fewer than 1 characters' }] }, 'only its title is wrong')
  })

  await t.test('a port that is taken', async t => {
    const second = runExample('server.js', { PORT: new URL(first.origin).port }, cwd)
    let said = ''
    second.stderr?.on('data', chunk => { said += String(chunk) })
    t.same(await once(second, 'close'), [1, null])
    t.match(said, /^localhost:\d+ cannot be used: listen EADDRINUSE.*\nTry another port: PORT=3001 npm start\n$/)
  })

  await t.test('it ends when told to, quietly, and its jobs are there when it is back', async t => {
    t.equal(await first.stop('SIGTERM'), 0)
    t.match(first.output().split('\n').filter(line => line.startsWith('{')), [], 'no log lines')
    const second = await startExample(t, 'server.js', started, {}, cwd)
    t.equal((await fetch(`${second.origin}/api/v1/analysis/result/${jobId}`)).status, 200)
    t.equal(await second.stop('SIGINT'), 0)
  })
})

t.test('on Redis', async t => {
  const { output, stop } = await startExample(t, 'server.js', started, { REDIS_URL: redisDatabase(6) })
  const [, , result] = await inShell(commands(output()))
  t.match(result, { statistics: { words: 26444 } })
  t.equal(await stop(), 0)
})

t.test('what is posted is the book', async t => {
  const [json, text] = await Promise.all(['json', 'txt'].map(type => readFile(`${root}/examples/texts/alice-in-wonderland.${type}`, 'utf8')))
  t.same(JSON.parse(json as string), { title: "Alice's Adventures in Wonderland", text })
})

/** The lines that are printed to be pasted. */
function commands (output: string): string[] {
  return output.split('\n').filter(line => line.includes('curl '))
}

/** Pastes lines into a new shell in the root of the repository. Each prints one line of JSON. */
async function inShell (lines: string[]): Promise<unknown[]> {
  const { stdout } = await promisify(execFile)('sh', ['-c', lines.join('\n')], { cwd: root, env: { PATH: process.env['PATH'] } })
  return stdout.trimEnd().split('\n').map(line => JSON.parse(line) as unknown)
}
