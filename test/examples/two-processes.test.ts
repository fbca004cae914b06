import t from 'tap'
import type { analysis } from '../../examples/analysis/analysis.job.js'
import { createJobsClient } from '../../lib/client/index.js'
import { redisDatabase, startExample } from '../helpers/example.js'

t.test('a producer and a worker, each a process, over Redis', async t => {
  const env = { REDIS_URL: redisDatabase(7) }
  const producer = await startExample(t, 'producer.js', /Takes jobs at .*\n/, env)
  const job = await createJobsClient<typeof analysis>(`${producer.origin}/api/v1/analysis`).submit({ text: 'What a wonderful day. I love it.' })
  t.match(await job.status(), { status: 'pending' }, 'nobody works on it yet')

  const worker = await startExample(t, 'worker.js', /Runs analysis jobs, \d+ at a time\n/, env)
  t.match(await job.wait({ timeout: 20_000 }), { statistics: { words: 7, sentences: 2 } })

  t.equal(await worker.stop('SIGTERM'), 0)
  t.equal(await producer.stop('SIGTERM'), 0)
})
