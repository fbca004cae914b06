import t from 'tap'
import { inspect } from 'node:util'
import { shortened, textOf } from '../../lib/base/text-of.js'

const unreadable = { [inspect.custom] () { throw new Error('no') } }
const revoked = Proxy.revocable({}, {})
revoked.revoke()

t.test('a value as text', async t => {
  const cases: Array<[value: unknown, text: string]> = [
    ['a string', 'a string'],
    ['', ''],
    [undefined, 'undefined'],
    [null, 'null'],
    [1n, '1n'],
    [Symbol('a'), 'Symbol(a)'],
    [{ a: 1 }, '{ a: 1 }'],
    [Object.create(null), '[Object: null prototype] {}'],
    [revoked.proxy, '<Revoked Proxy>'],
    [unreadable, '[cannot be read]']
  ]
  for (const [value, text] of cases) t.equal(textOf(value), text)
})

t.test('the beginning of a text', async t => {
  t.equal(shortened('abc', 3), 'abc')
  t.equal(shortened('abcd', 3), 'abc… (1 characters more)')
})
