import { spawnSync } from 'node:child_process'
import t, { type Test } from 'tap'
import type { Job } from '../../lib/index.js'
import { type Example, redisDatabase, root, startExample } from '../helpers/example.js'
import { lintDocuments } from '../helpers/redocly.js'

t.test('the difference is small, and only what is new', async t => {
  const { stdout, status } = spawnSync('diff', ['-rN', 'before', 'after'], { cwd: `${root}/examples/existing-service`, encoding: 'utf8' })
  t.equal(status, 1)
  const changed = stdout.split('\n').filter(line => /^[<>]/.test(line))
  t.ok(changed.every(line => line.startsWith('>')), 'nothing is changed or removed')
  t.ok(changed.length < 30, `${changed.length} lines`)
})

t.test('before', async t => {
  const service = await startService(t, 'before')
  await worksAsBefore(t, service)
  t.equal((await service.call('POST', '/api/word-counts', {})).status, 404, 'and has no jobs')
  t.equal(await service.example.stop(), 0)
})

t.test('after', async t => {
  const service = await startService(t, 'after')
  const { call } = service
  await worksAsBefore(t, service)

  await t.test('jobs are behind the same door', async t => {
    for (const [method, path] of [['POST', ''], ['GET', '/status/x'], ['GET', '/result/x']] as const) {
      t.match(await call(method, `/api/word-counts${path}`, method === 'POST' ? {} : undefined, ''), {
        status: 401,
        type: /^application\/json/,
        body: { failure: { code: 'FST_JWT_NO_AUTHORIZATION_IN_HEADER', requestId: String } }
      }, 'in the form of the service')
    }
  })

  const { body: { token: bob } } = await call<{ token: string }>('POST', '/login', { name: 'bob', password: 'builder' })

  await t.test('a job works on what the service has', async t => {
    const { body: document } = await call<{ id: string }>('POST', '/api/documents', { title: 'A', text: 'three small words' })
    const submitted = await call<Job>('POST', '/api/word-counts', { documentId: document.id })
    t.equal(submitted.status, 202)
    t.equal((await finished(call, submitted.body)).status, 'completed')
    t.match(await call('GET', submitted.body.links.result), { status: 200, body: { words: 3 } })
    t.match(await call('GET', submitted.body.links.result, undefined, bob), { status: 404 }, 'which is nobody else\'s')
  })

  await t.test('a job fails with an error of the service', async t => {
    const { body } = await call<Job>('POST', '/api/word-counts', { documentId: 'gone' })
    t.match(await finished(call, body), { status: 'failed', error: { code: 'DOCUMENT_NOT_FOUND', message: 'There is no document gone' } })
    t.match(await call('GET', body.links.result), { status: 409, body: { code: 'JOB_FAILED', error: { code: 'DOCUMENT_NOT_FOUND' } } })
  })

  await t.test('the job API says itself what is wrong with a job', async t => {
    t.match(await call('POST', '/api/word-counts', {}), { status: 400, type: /^application\/problem\+json/, body: { code: 'INPUT_INVALID' } })
    t.match(await call('GET', '/api/word-counts/status/x'), { status: 404, body: { code: 'JOB_NOT_FOUND' } })
  })

  await t.test('and is part of the document', async t => {
    const { body } = await call<{ paths: object }>('GET', '/openapi.json')
    t.same(Object.keys(body.paths).filter(path => path.includes('word')), ['/api/word-counts', '/api/word-counts/status/{jobId}', '/api/word-counts/result/{jobId}', '/api/word-counts/cancel/{jobId}', '/api/word-counts/events/{jobId}', '/api/word-counts/socket'])
    t.same(await lintDocuments({ after: body }), [])
  })

  t.equal(await service.example.stop(), 0)
})

interface Answer<Body> {
  status: number
  type: string | null
  body: Body
}

type Call = <Body>(method: string, path: string, body?: object, token?: string) => Promise<Answer<Body>>

interface Service {
  example: Example
  call: Call
}

async function startService (t: Test, name: 'before' | 'after'): Promise<Service> {
  const example = await startExample(t, `existing-service/${name}/server.js`, /Documents at .*\n/, { REDIS_URL: redisDatabase(7) })
  let ours = ''
  const call: Call = async (method, path, body, token = ours) => {
    const headers = { ...(body && { 'content-type': 'application/json' }), ...(token && { authorization: `Bearer ${token}` }) }
    const answer = await fetch(example.origin + path, { method, headers, ...(body && { body: JSON.stringify(body) }) })
    const text = await answer.text()
    return { status: answer.status, type: answer.headers.get('content-type'), body: text === '' ? undefined : JSON.parse(text) }
  }
  ours = (await call<{ token: string }>('POST', '/login', { name: 'alice', password: 'wonderland' })).body.token
  return { example, call }
}

/** What the service did before it had jobs. */
async function worksAsBefore (t: Test, { call }: Service): Promise<void> {
  await t.test('works as before', async t => {
    t.match(await call('POST', '/login', { name: 'alice', password: 'x' }), { status: 401, body: { failure: { code: 'WRONG_PASSWORD' } } })
    t.match(await call('GET', '/api/documents', undefined, ''), { status: 401, body: { failure: { code: 'FST_JWT_NO_AUTHORIZATION_IN_HEADER' } } })

    const added = await call<{ id: string }>('POST', '/api/documents', { title: 'A title', text: 'A text' })
    t.equal(added.status, 201)
    const path = `/api/documents/${added.body.id}`
    t.match(await call('GET', path), { status: 200, body: { title: 'A title' } })
    t.match(await call('GET', '/api/documents'), { status: 200, body: [{ title: 'A title' }] })
    t.equal((await call('DELETE', path)).status, 204)
    t.match(await call('GET', path), { status: 404, body: { failure: { code: 'DOCUMENT_NOT_FOUND' } } })
    t.match(await call('DELETE', path), { status: 404, body: { failure: { code: 'DOCUMENT_NOT_FOUND' } } })
    t.match(await call('POST', '/api/documents', {}), { status: 400, body: { failure: { code: 'FST_ERR_VALIDATION' } } })
  })
}

async function finished (call: Call, { links }: Job): Promise<Job> {
  for (;;) {
    const { body } = await call<Job>('GET', links.status)
    if (['completed', 'failed', 'canceled'].includes(body.status)) return body
  }
}
