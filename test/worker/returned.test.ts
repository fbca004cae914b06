import t from 'tap'
import { outputInvalid, returnedText } from '../../lib/worker/returned.js'

t.test('what was returned, as text', async t => {
  t.equal(returnedText({ a: [1, undefined] }), '{"a":[1,null]}')
  for (const nothing of [undefined, null]) t.equal(returnedText(nothing), 'null')
  t.equal(returnedText(0), '0')
})

t.test('what is not JSON', async t => {
  t.throws(() => returnedText(1n), { name: 'JobError', code: 'OUTPUT_INVALID', retryable: true, cause: { message: 'The output is not JSON', cause: { message: /BigInt/ } } })
  t.throws(() => returnedText(() => {}), { code: 'OUTPUT_INVALID', cause: { message: 'The output is not JSON, but of type function' } })
})

t.test('what clients are told of it is neutral', async t => {
  t.match(outputInvalid('has a secret'), { message: 'The job produced an output that does not have the promised form.', cause: { message: 'The output has a secret' } })
})
