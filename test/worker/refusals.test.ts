import t from 'tap'
import { createRefusals } from '../../lib/worker/refusals.js'

t.test('of each kind, one refusal is logged, and who waits learns of all', async t => {
  const lines: unknown[] = []
  const { heard, tell } = createRefusals({ warn: (...line: unknown[]) => { lines.push(line) } })
  const first = new Error('first')
  const second = new Error('second')
  await heard(Promise.resolve(), 'chunk')
  await t.rejects(heard(Promise.reject(first), 'chunk'), first)
  void heard(Promise.reject(second), 'chunk')
  await t.rejects(heard(Promise.reject(second), 'progress'), second)
  tell(second, 'chunk')
  tell(second, 'now')
  t.strictSame(lines, [[{ err: first }, 'chunk'], [{ err: second }, 'progress'], [{ err: second }, 'now']])
})
