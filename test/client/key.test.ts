import t from 'tap'
import { randomKey } from '../../lib/client/key.js'

t.test('128 bits as text, another one each time', async t => {
  const keys = Array.from({ length: 1_000 }, randomKey)
  t.equal(new Set(keys).size, keys.length)
  for (const key of keys) t.match(key, /^\d{1,10}(?:-\d{1,10}){3}$/)
})
