import t from 'tap'
import { idempotencyKey } from '../../lib/http/idempotency-key.js'

t.test('no key', async t => {
  t.equal(idempotencyKey(undefined), undefined)
})

t.test('keys as they are and in quotes', async t => {
  const keys: Array<[header: string, key: string]> = [
    ['8e03978e-40d5-43e8-bc93-6894a57f9324', '8e03978e-40d5-43e8-bc93-6894a57f9324'],
    ['"8e03978e-40d5-43e8-bc93-6894a57f9324"', '8e03978e-40d5-43e8-bc93-6894a57f9324'],
    ['a', 'a'],
    ['"a b"', 'a b'],
    ['a"b', 'a"b'],
    ['x'.repeat(255), 'x'.repeat(255)],
    [`"${'x'.repeat(255)}"`, 'x'.repeat(255)]
  ]
  for (const [header, key] of keys) t.equal(idempotencyKey(header), key, header)
})

t.test('what is no key', async t => {
  const headers = ['', '""', '"', '"a', '"a"b"', '"a";p=1', 'a b', 'a, b', ' a', 'ü', '"ü"', 'a\tb', '\u0000', 'x'.repeat(256), `"${'x'.repeat(256)}"`]
  for (const header of [...headers, ['a', 'b b']]) {
    t.throws(() => idempotencyKey(header), { code: 'IDEMPOTENCY_KEY_INVALID', statusCode: 400 }, String(header))
  }
})
