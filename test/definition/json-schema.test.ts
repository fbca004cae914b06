import t from 'tap'
import { toStandardJsonSchema } from '@valibot/to-json-schema'
import { type } from 'arktype'
import * as v from 'valibot'
import { z } from 'zod'
import { Type } from '../../lib/index.js'
import { isStandard, toJsonSchema } from '../../lib/definition/json-schema.js'

t.test('which schemas validate by themselves', async t => {
  for (const schema of [z.string(), toStandardJsonSchema(v.string()), type('string')]) t.ok(isStandard(schema))
  for (const schema of [Type.String(), { type: 'string' }, null, undefined, 'string', () => {}]) t.notOk(isStandard(schema))
})

t.test('each side as a JSON Schema', async t => {
  const length = z.string().transform(text => text.length).pipe(z.number())
  t.strictSame(toJsonSchema(length, 'input'), { type: 'string' })
  t.strictSame(toJsonSchema(length, 'output'), { type: 'number' })
  t.strictSame(toJsonSchema(toStandardJsonSchema(v.object({ a: v.string() })), 'input'), { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] })
  t.strictSame(toJsonSchema(type({ a: 'string' }), 'input'), { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] })
  const plain = { type: 'string', $id: 'text' }
  t.equal(toJsonSchema(plain, 'input'), plain)
  t.throws(() => toJsonSchema(z.date(), 'input'))
})
