import t from 'tap'
import type { Job } from '../../types/job.js'
import { etagOf, isKnown } from '../../lib/http/etag.js'
import { exampleJobs } from '../../lib/http/schemas.js'

const { pending, in_progress: running } = exampleJobs('/jobs', 3)

t.test('a tag for each state of a job', async t => {
  t.match(etagOf(pending), /^W\/"[\w-]{16}"$/)
  const older: Job = { ...pending, pollAfterMs: 5_000 }
  t.equal(etagOf(older), etagOf(pending), 'that time passes is no change')
  const others: Job[] = [running, { ...running, progress: 41 }, { ...running, message: 'page 5 of 10' }, { ...running, attempt: 2 }]
  t.equal(new Set([pending, ...others].map(etagOf)).size, others.length + 1)
})

t.test('what a client knows', async t => {
  const etag = 'W/"mS4Xq0TzmS4Xq-Tz"'
  const cases: Array<[ifNoneMatch: string, known: boolean]> = [
    ['W/"mS4Xq0TzmS4Xq-Tz"', true],
    ['"mS4Xq0TzmS4Xq-Tz"', true],
    ['W/"another", W/"mS4Xq0TzmS4Xq-Tz"', true],
    ['"a","mS4Xq0TzmS4Xq-Tz"', true],
    ['W/"mS4Xq0TzmS4Xq-Tz-gzip"', true],
    ['W/"mS4Xq0TzmS4Xq-Tz--br"', true],
    ['*', true],
    [' * ', true],
    ['', false],
    ['W/"another"', false],
    ['W/"mS4Xq0TzmS4Xq-T"', false],
    ['W/"mS4Xq0TzmS4Xq-Tz1"', false],
    ['mS4Xq0TzmS4Xq-Tz', false],
    ['"', false],
    ['"mS4Xq0TzmS4Xq-Tz', false]
  ]
  for (const [ifNoneMatch, known] of cases) t.equal(isKnown(ifNoneMatch, etag), known, ifNoneMatch)
})
