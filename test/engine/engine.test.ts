import t from 'tap'
import { defineJob, Type } from '../../lib/index.js'
import { stopsOf } from '../../lib/engine/engine.js'

t.test('the queue that stops workers cannot be a job\'s own', async t => {
  t.throws(() => defineJob({ name: stopsOf('job'), input: Type.Null(), output: Type.Null() }), { code: 'OPTION_INVALID' })
  t.not(stopsOf('a'), stopsOf('b'))
})
