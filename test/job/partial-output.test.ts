import t from 'tap'
import { fromRow, toRow } from '../../lib/job/partial-output.js'

t.test('a chunk comes back as it was written', async t => {
  for (const data of ['', 'two\nlines \u2028 — "quoted"', 0, null, false, [], { deep: [{ a: null }] }]) {
    t.strictSame(fromRow(toRow(3, JSON.stringify(data)), 7), { index: 7, run: 3, data })
  }
})

t.test('what others have logged is no chunk', async t => {
  const rows = ['', 'output', 'output 1', 'output 1 ', 'output 1 {"a":', 'output 1 undefined', 'output x "a"', 'output -1 "a"', 'output 1234567890 "a"', ' output 1 "a"', 'Output 1 "a"', '"a"', 'output 1 "a" "b"']
  for (const row of rows) t.equal(fromRow(row, 0), undefined, row)
})
