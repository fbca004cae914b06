import t from 'tap'
import { Type } from '@sinclair/typebox'
import { compile, describeIssues, toIssues } from '../../lib/definition/validator.js'

t.test('a check changes nothing', async t => {
  const check = compile(Type.Object({ count: Type.Number({ default: 5 }) }, { additionalProperties: false }))
  for (const value of [{ count: '1' }, { count: 1, more: true }, {}, { count: null }]) {
    const copy = structuredClone(value)
    t.equal(check(value), false)
    t.strictSame(value, copy)
  }
  t.equal(check({ count: 1 }), true)
})

t.test('fills in defaults where it is told to', async t => {
  const value = {}
  t.equal(compile(Type.Object({ count: Type.Number({ default: 5 }) }), { useDefaults: true })(value), true)
  t.strictSame(value, { count: 5 })
})

t.test('numbers are those of JSON', async t => {
  for (const schema of [Type.Number(), Type.Integer(), Type.Number({ minimum: 1 })]) {
    const check = compile(schema)
    for (const value of [NaN, Infinity, -Infinity, 1n]) t.equal(check(value), false, `${schema.type}: ${value}`)
    t.equal(check(1), true)
  }
})

t.test('formats', async t => {
  const cases: Array<[format: string, right: string, wrong: string]> = [
    ['date-time', '2026-01-01T00:00:00.000Z', '2026-01-01'],
    ['email', 'ada@example.com', 'ada'],
    ['uuid', '6f1c2b1e-8f0a-4b57-9d3e-2a7c5d4e9f10', '6f1c2b1e'],
    ['uri', 'https://example.com/', 'example']
  ]
  for (const [format, right, wrong] of cases) {
    const check = compile(Type.String({ format }))
    t.equal(check(right), true, format)
    t.equal(check(wrong), false, format)
    t.strictSame(toIssues(check.errors), [{ pointer: '', detail: `must match format "${format}"` }])
  }
})

t.test('what is the host\'s own is left to the host\'s validator, without a word on the console', async t => {
  const said = t.capture(console, 'warn', () => {}).args
  const check = compile({ type: 'string', format: 'isbn', isbnOf: 'print' })
  t.equal(check('anything'), true)
  t.equal(check(5), false)
  t.strictSame(said(), [])
})

t.test('equal ids in two schemas do not meet', async t => {
  compile(Type.String({ $id: 'text' }))
  t.equal(compile(Type.Number({ $id: 'text' }))(5), true)
})

t.test('everything that is wrong, as clients see it', async t => {
  const check = compile(Type.Object({ text: Type.String(), list: Type.Array(Type.Number()), 'a/b~c': Type.Optional(Type.Null()) }, { additionalProperties: false }))
  const issuesOf = (value: unknown): unknown => {
    check(value)
    return toIssues(check.errors)
  }
  t.strictSame(issuesOf({ text: 'a', list: [1] }), [])
  t.strictSame(issuesOf(5), [{ pointer: '', detail: 'must be object' }])
  t.strictSame(issuesOf({ text: 'secret', list: ['secret', 1, null], more: 'secret', 'a/b~c': 1 }), [
    { pointer: '', detail: 'must NOT have additional properties' },
    { pointer: '/list/0', detail: 'must be number' },
    { pointer: '/list/2', detail: 'must be number' },
    { pointer: '/a~1b~0c', detail: 'must be null' }
  ])
  t.strictSame(issuesOf({}), [
    { pointer: '', detail: 'must have required property \'text\'' },
    { pointer: '', detail: 'must have required property \'list\'' }
  ])
})

t.test('issues of other validators', async t => {
  t.strictSame(toIssues(undefined), [])
  t.strictSame(toIssues(null), [])
  t.strictSame(toIssues([{ instancePath: '/a' }]), [{ pointer: '/a', detail: 'is not valid' }])
})

t.test('issues in one sentence', async t => {
  t.equal(describeIssues([]), '')
  t.equal(describeIssues([{ pointer: '', detail: 'must be object' }]), 'must be object')
  t.equal(describeIssues([{ pointer: '/text', detail: 'must be string' }, { pointer: '', detail: 'must be less' }]), '/text must be string; must be less')
})
