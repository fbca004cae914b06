/* npm run test:chaos -- --minutes 10 --seed 1: a long randomized run. Prints its figures; exit code 1 where it found faults. */
import { parseArgs } from 'node:util'
import { figuresOf } from '../helpers/chaos/figures.js'
import { runChaos } from '../helpers/chaos/run.js'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    rate: { type: 'string', default: '17' }
  }
})
const numberOf = (name: 'minutes' | 'seed' | 'rate'): number => {
  const value = Number(values[name])
  if (!(value > 0)) throw new Error(`--${name} must be a positive number, not "${values[name]}"`)
  return value
}
const seed = numberOf('seed')
console.log(`seed ${seed}`)

const begin = Date.now()
const ends: Array<() => unknown> = []
try {
  const outcome = await runChaos({ teardown (end) { ends.unshift(end) } }, {
    seed,
    lasts: numberOf('minutes') * 60_000,
    rate: numberOf('rate'),
    longest: 20_000,
    onFault ({ kind, lasts, target }) { console.log(`${((Date.now() - begin) / 1_000).toFixed(1)} s: ${kind}, for ${Math.round(lasts)} ms (${target})`) }
  })
  console.log(figuresOf(outcome))
  console.log(`seed ${seed}`)
  if (outcome.ledger.faults.length > 0) process.exitCode = 1
} finally {
  await Promise.all(ends.map(end => end()))
}
