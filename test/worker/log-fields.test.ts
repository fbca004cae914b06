import t from 'tap'
import { readFields, toFields } from '../../lib/worker/log-fields.js'

const error = new TypeError('the reason')
const told = { name: 'TypeError', message: 'the reason', stack: error.stack }
const refuse = (): never => { throw new Error('no') }

t.test('what is logged', async t => {
  const cases: Array<[name: string, logged: object, fields: object, errors: object]> = [
    ['nothing', {}, {}, {}],
    ['values', { a: 1, b: [null], at: new Date(0) }, { a: 1, b: [null], at: '1970-01-01T00:00:00.000Z' }, {}],
    ['what is undefined', { a: undefined }, {}, {}],
    ['what is not JSON', { big: 1n, f () {} }, { big: '1n', f: '[Function: f]' }, {}],
    ['errors', { a: 1, err: error }, { a: 1 }, { err: told }],
    ['an error by itself', error, {}, { err: told }],
    ['a getter that throws', Object.defineProperty({ a: 1 }, 'b', { enumerable: true, get: refuse }), { a: 1, b: '[cannot be read]' }, {}],
    ['a Proxy that says nothing', new Proxy({}, { ownKeys: refuse }), { unreadable: '[cannot be read]' }, {}]
  ]
  for (const [name, logged, fields, errors] of cases) t.strictSame(readFields(logged), { fields, errors }, name)
})

t.test('what the logger gets', async t => {
  const fields = toFields(readFields({ a: 1, err: error })) as { a: number, err: Error }
  t.equal(fields.a, 1)
  t.ok(fields.err instanceof TypeError)
  t.equal(fields.err.stack, error.stack)
})
