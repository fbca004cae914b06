import t from 'tap'
import { defineJob, Type } from '../../lib/index.js'
import { onEachEngine, uniqueName } from '../helpers/engines.js'
import { latch } from '../helpers/latch.js'
import { startService } from '../helpers/service.js'

const schemas = { input: Type.Object({}), output: Type.Object({ ok: Type.Boolean() }) }
const define = () => defineJob({ ...schemas, name: uniqueName() })

t.test('tells a client when to ask again', t => onEachEngine(t, async (t, { connection }) => {
  const end = latch()
  const { submit, status, until } = await startService(t, { job: define(), connection, pollAfter: { min: 1_500, max: 1_500 }, processor: async () => { await end.promise; return { ok: true } } })
  const { body: { jobId } } = await submit({})
  const running = await status(jobId)
  t.match(running, { statusCode: 200, headers: { 'cache-control': 'no-store', 'retry-after': '2' }, body: { pollAfterMs: 1_500 } }, 'in whole seconds, never too early')
  end.open()
  await until(jobId, 'completed')
  const done = await status(jobId)
  t.match(done.headers, { 'cache-control': 'no-store' })
  t.notOk('retry-after' in done.headers, 'and no more once there is nothing to wait for')
  t.notOk('pollAfterMs' in done.body)
}))

t.test('does not know', t => onEachEngine(t, async (t, { connection }) => {
  const { app } = await startService(t, { job: define(), connection })
  const problem = { type: 'about:blank', title: 'Not Found', status: 404, detail: 'There is no such job, or it is not yours.', code: 'JOB_NOT_FOUND' }
  const ids = {
    'an id that was never given': '6f1c2b1e-8f0a-4b57-9d3e-2a7c5d4e9f10',
    'an id of another shape': 'abc',
    'an id in capitals': '6F1C2B1E-8F0A-4B57-9D3E-2A7C5D4E9F10',
    'a number': '1',
    'the name of a key of the queue': 'completed',
    'a path': '..%2f..%2fetc%2fpasswd',
    'a quote': '%27%3B--',
    'a null byte': '%00',
    'a 10 KB id': 'x'.repeat(10_240),
    'a 10 KB id with slashes': 'x/'.repeat(5_120),
    'no id': ''
  }
  for (const route of ['status', 'result']) {
    for (const [name, id] of Object.entries(ids)) {
      const answer = await app.inject(`/jobs/${route}/${id}`)
      t.equal(answer.statusCode, 404, `${route} of ${name}`)
      t.equal(answer.headers['content-type'], 'application/problem+json; charset=utf-8')
      t.strictSame(answer.json(), problem)
    }
  }
}))

t.test('answers HEAD like any GET of the host', t => onEachEngine(t, async (t, { connection }) => {
  const { app, submit } = await startService(t, { job: define(), connection })
  const { body: { jobId } } = await submit({})
  const answer = await app.inject({ method: 'HEAD', url: `/jobs/status/${jobId}` })
  t.match(answer, { statusCode: 200, body: '', headers: { 'retry-after': '1' } })
}))

t.test('tells who follows it of each change, and of nothing else', t => onEachEngine(t, async (t, { connection }) => {
  const steps = [latch(), latch()] as const
  const { app, submit, until } = await startService(t, {
    job: define(),
    connection,
    processor: async (_input, { progress }) => {
      await steps[0].promise
      await progress(50, 'half')
      await steps[1].promise
      return { ok: true }
    }
  })
  const { body: { jobId } } = await submit({})
  await until(jobId, 'in_progress')
  const ask = (etag: string, query = '') => app.inject({ url: `/jobs/status/${jobId}${query}`, headers: { 'if-none-match': etag } })
  const first = await app.inject(`/jobs/status/${jobId}`)
  const etags = [String(first.headers.etag)]
  t.match(await ask(etags[0] as string), { statusCode: 304, body: '', headers: { etag: etags[0], 'cache-control': 'no-store', 'retry-after': '1' } }, 'nothing new')
  t.match(await ask('W/"another"', '?wait=60'), { statusCode: 200, headers: { etag: etags[0] } }, 'who knows something else is told at once')

  const change = ask(etags[0] as string, '?wait=60')
  steps[0].open()
  t.match(await change, { statusCode: 200 })
  t.match((await change).json(), { status: 'in_progress', progress: 50, message: 'half' })
  etags.push(String((await change).headers.etag))
  t.match(await ask(etags[1] as string, '?wait=0'), { statusCode: 304, body: '' }, 'a wait that ends without a change')

  const end = ask(etags[1] as string, '?wait=60')
  steps[1].open()
  t.match((await end).json(), { status: 'completed' })
  etags.push(String((await end).headers.etag))
  t.equal(new Set(etags).size, 3)
  t.match(await ask(etags[2] as string, '?wait=60'), { statusCode: 304 }, 'a final job is no news any more, and nothing is waited for')
  t.match(await ask(etags[2] as string), { statusCode: 304 })
}))
