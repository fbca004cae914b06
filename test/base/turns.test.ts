import t from 'tap'
import { nextTurn } from '../../lib/base/turns.js'

t.test('one goes on in each turn of the event loop, in the order in which they came', async t => {
  const seen: string[] = []
  const each = async (name: string, pieces: number): Promise<void> => {
    for (let piece = 1; piece <= pieces; piece++) {
      await nextTurn()
      seen.push(`${name}${piece}`)
    }
  }
  const all = Promise.all([each('a', 2), each('b', 1), each('c', 2)])
  for (let turn = 1; turn <= 5; turn++) {
    await new Promise(resolve => { setImmediate(resolve) })
    t.ok(seen.length <= turn, `after ${turn}`)
  }
  await all
  t.strictSame(seen, ['a1', 'b1', 'c1', 'a2', 'c2'])
})

t.test('who comes when nobody waits goes on in the next', async t => {
  await nextTurn()
  const turn = nextTurn().then(() => true)
  t.ok(await Promise.race([turn, new Promise(resolve => { setTimeout(() => { resolve(false) }, 1_000).unref() })]))
})
