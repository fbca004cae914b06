import t from 'tap'
import { Type, type TSchema } from '@sinclair/typebox'
import { createChecks, type Checked } from '../../lib/definition/checks.js'

const checkBy = async (schema: TSchema, value: unknown): Promise<Checked> => await createChecks({ name: 'job', input: schema, output: Type.Null() }).input(value)

t.test('what matches, with defaults and without what the schema forbids', async t => {
  const closed = (kind: string, rest: Record<string, TSchema> = {}): TSchema => Type.Object({ kind: Type.Literal(kind), ...rest }, { additionalProperties: false })
  const tree = Type.Recursive(This => Type.Object({ children: Type.Array(This) }, { additionalProperties: false }))
  const cases: Array<[name: string, schema: TSchema, given: unknown, value: unknown]> = [
    ['a value', Type.Number(), 1, 1],
    ['a default', Type.Object({ a: Type.Number({ default: 5 }) }), {}, { a: 5 }],
    ['a field that nothing forbids', Type.Object({}), { a: 1 }, { a: 1 }],
    ['fields that are forbidden, at each level', closed('a', { b: closed('b') }), { kind: 'a', x: 1, b: { kind: 'b', y: 2 } }, { kind: 'a', b: { kind: 'b' } }],
    ['in a list of a union', Type.Array(Type.Union([closed('a', { n: Type.Null() }), closed('b', { m: Type.Null() })])), [{ kind: 'a', n: null, m: null }, { kind: 'b', n: null, m: null }], [{ kind: 'a', n: null }, { kind: 'b', m: null }]],
    ['in a union within a closed object', closed('a', { u: Type.Union([closed('b'), Type.Null()]) }), { kind: 'a', x: 1, u: { kind: 'b', y: 1 } }, { kind: 'a', u: { kind: 'b' } }],
    ['in a tree', tree, { children: [{ children: [], x: 1 }], x: 1 }, { children: [{ children: [] }] }]
  ]
  for (const [name, schema, given, value] of cases) t.strictSame(await checkBy(schema, given), { value }, name)
})

t.test('what does not match', async t => {
  t.strictSame(await checkBy(Type.Object({ a: Type.Number() }, { additionalProperties: false }), { a: 'x', b: 1 }), {
    issues: [{ pointer: '', detail: 'must NOT have additional properties' }, { pointer: '/a', detail: 'must be number' }]
  })
})

t.test('many objects with fields to take out', async t => {
  const either = Type.Array(Type.Union(['a', 'b', 'c'].map(kind => Type.Object({ kind: Type.Literal(kind) }, { additionalProperties: false }))))
  const many = Array.from({ length: 20_000 }, () => ({ kind: 'b', x: 1 }))
  const checked = await checkBy(either, many)
  t.strictSame(checked.issues, undefined)
  t.ok(many.every(one => Object.keys(one).length === 1))
})
