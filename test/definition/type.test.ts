import t from 'tap'
import * as TypeBox from '@sinclair/typebox'
import { Type } from '../../lib/definition/type.js'

t.test('it is the Type of TypeBox', async t => {
  t.equal(Type, TypeBox.Type)
})
