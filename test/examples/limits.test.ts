import t from 'tap'
import { createJobsClient } from '../../lib/client/index.js'
import type { analysis } from '../../examples/analysis/analysis.job.js'
import { redisDatabase, startExample } from '../helpers/example.js'

t.test('users, and how much each of them and all together may ask for', async t => {
  const { origin, stop } = await startExample(t, 'limits.js', /Limits at .*\n/, { REDIS_URL: redisDatabase(13), MAX_PENDING: '12' })
  const api = `${origin}/api/v1/analysis`
  const call = (key: string, path = '', init: RequestInit = {}): Promise<Response> =>
    fetch(api + path, { ...init, headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' } })
  const submit = (key: string): Promise<Response> => call(key, '', { method: 'POST', body: '{"text":"It was a dark night."}' })

  t.equal((await call('nobody\'s key', '/status/x')).status, 401)
  const jobs = createJobsClient<typeof analysis>(api, { headers: { authorization: 'Bearer key-of-alice' }, retry: { attempts: 0 } })
  const { id } = await jobs.submit({ text: 'It was a dark night.' })
  t.equal((await call('key-of-alice', `/status/${id}`)).status, 200)
  t.equal((await call('key-of-bob', `/status/${id}`)).status, 404, 'what is alice\'s is not bob\'s')

  for (let count = 1; count < 10; count++) t.equal((await submit('key-of-alice')).status, 202)
  const limited = await submit('key-of-alice')
  t.strictSame([limited.status, limited.headers.has('retry-after')], [429, true], 'ten in a minute')
  t.equal((await call('key-of-alice', `/status/${id}`)).status, 200, 'she may ask all the same')

  t.strictSame([(await submit('key-of-bob')).status, (await submit('key-of-bob')).status], [202, 202])
  const full = await submit('key-of-bob')
  t.match(await full.json(), { status: 503, code: 'QUEUE_FULL' })
  t.match(full.headers.get('retry-after'), /^[1-9]/)
  await t.rejects(jobs.submit({ text: 'One more.' }), { name: 'RequestFailedError', status: 429 })
  t.equal(await stop(), 0)
})
