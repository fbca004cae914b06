import t from 'tap'
import { setImmediate } from 'node:timers/promises'
import { heard } from '../../../lib/worker/sandbox/heard.js'

t.test('a refusal that nobody waits for ends nothing', async t => {
  const told = Promise.reject(new Error('no'))
  t.equal(heard(told), told)
  await setImmediate()
  await t.rejects(told, { message: 'no' }, 'who waits learns of it')
})
