import t from 'tap'
import { createClockCheck } from '../../lib/worker/clock-check.js'

t.test('tells of a wrong clock once, until it is set right', async t => {
  t.intercept(Date, 'now', { value: () => 1_000_000 })
  const lines: unknown[] = []
  const check = createClockCheck('a-job', { warn: (fields: object | string) => { lines.push(fields) } })
  for (const storeTime of [1_000_000, 996_000, 1_004_000]) check(storeTime)
  t.strictSame(lines, [], 'an answer takes its time')
  for (const storeTime of [990_000, 980_000, 1_000_000, 1_010_000]) check(storeTime)
  t.strictSame(lines, [{ job: 'a-job', ahead: 10_000 }, { job: 'a-job', ahead: -10_000 }])
})
