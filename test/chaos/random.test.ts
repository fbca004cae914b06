import t from 'tap'
import { figuresOf } from '../helpers/chaos/figures.js'
import { runChaos } from '../helpers/chaos/run.js'

t.setTimeout(240_000)

t.test('whatever fails, no acknowledged job is lost', async t => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  t.comment(`npm run test:chaos -- --minutes 0.4 --seed ${seed}`)
  const outcome = await runChaos(t, { seed, lasts: 24_000, rate: 10, longest: 4_000 })
  for (const line of figuresOf(outcome).split('\n')) t.comment(line)
  t.strictSame(outcome.ledger.faults.slice(0, 10), [], `seed ${seed}`)
  t.ok(outcome.ledger.entries.size > 200, 'there were jobs')
  t.ok(outcome.faults.length > 4, 'and faults')
})
