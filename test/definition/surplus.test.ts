import t from 'tap'
import { findSurplus, remove } from '../../lib/definition/surplus.js'

const at = (instancePath: string, schemaPath: string, field?: string): Parameters<typeof findSurplus>[0][number] =>
  ({ instancePath, schemaPath, keyword: schemaPath.split('/').pop() as string, params: field === undefined ? {} : { additionalProperty: field } })

t.test('what is to be taken out', async t => {
  const cases: Array<[name: string, errors: Parameters<typeof findSurplus>[0], found: Array<[pointer: string, field: string]>]> = [
    ['nothing', [], []],
    ['nothing of what is wrong otherwise', [at('/a', '#/properties/a/type'), at('', '#/additionalProperties', 'x')], []],
    ['all that is too much', [at('', '#/additionalProperties', 'x'), at('', '#/additionalProperties', 'y'), at('/a', '#/properties/a/additionalProperties', 'z')], [['', 'x'], ['', 'y'], ['/a', 'z']]],
    ['of a union, what the fitting branch forbids', [
      at('/kind', '#/anyOf/0/properties/kind/const'), at('', '#/anyOf/0/additionalProperties', 'b'), at('', '#/anyOf/1/additionalProperties', 'x'), at('', '#/anyOf')
    ], [['', 'x']]],
    ['of several that fit, what the one forbids that forbids less', [
      at('', '#/anyOf/0/additionalProperties', 'b'), at('', '#/anyOf/0/additionalProperties', 'x'), at('', '#/anyOf/1/additionalProperties', 'x'), at('', '#/anyOf')
    ], [['', 'x']]],
    ['of a list, each element by itself', [
      at('/0/kind', '#/$defs/A/properties/kind/const'), at('/0', '#/$defs/B/additionalProperties', 'x'), at('/0', '#/items/anyOf'),
      at('/1', '#/$defs/A/additionalProperties', 'y'), at('/1/kind', '#/$defs/B/properties/kind/const'), at('/1', '#/items/anyOf')
    ], [['/0', 'x'], ['/1', 'y']]],
    ['what no keyword has seen', [{ instancePath: '', schemaPath: '#/unevaluatedProperties', keyword: 'unevaluatedProperties', params: { unevaluatedProperty: 'x' } }], [['', 'x']]]
  ]
  for (const [name, errors, found] of cases) t.strictSame(findSurplus(errors).map(({ pointer, field }) => [pointer, field]), found, name)
})

t.test('is taken out', async t => {
  const value = { x: 1, 'a/b~c': [{ y: 2, z: 3 }] }
  remove(value, [{ pointer: '', field: 'x' }, { pointer: '/a~1b~0c/0', field: 'y' }])
  t.strictSame(value, { 'a/b~c': [{ z: 3 }] })
})
