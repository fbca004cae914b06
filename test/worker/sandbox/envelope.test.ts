import t from 'tap'
import { seal, unseal } from '../../../lib/worker/sandbox/envelope.js'

t.test('what is sealed can be unsealed', async t => {
  for (const text of ['', 'text', '{"a":"\\u0000"}']) t.equal(unseal(JSON.parse(JSON.stringify(seal(text)))), text)
})

t.test('what is not ours is not', async t => {
  const [mark] = Object.keys(seal('')) as [string]
  const odd: unknown[] = [undefined, null, 5, 'text', mark, {}, [], { type: 'log' }, { [mark]: null }, { [mark]: {} }, { [mark]: 5 }, Object.create(seal('inherited'))]
  for (const message of odd) t.equal(unseal(message), undefined)
})
