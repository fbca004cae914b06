import t from 'tap'
import { Type } from '@sinclair/typebox'
import { asHostErrors, emptyAnswer, jsonAnswer, problemAnswer, streamAnswer } from '../../lib/http/answers.js'
import { ProblemSchema } from '../../lib/http/schemas.js'

t.test('an error answer has an example for each code', async t => {
  t.strictSame(problemAnswer(409, [{ code: 'A', detail: 'It is a.' }, { code: 'B', detail: 'b', meaning: 'Something else.', jobId: 'x' }]), {
    description: '`A`: It is a.\n\n`B`: Something else.',
    content: {
      'application/problem+json': {
        schema: ProblemSchema,
        examples: {
          A: { value: { type: 'about:blank', title: 'Conflict', status: 409, detail: 'It is a.', code: 'A' } },
          B: { value: { type: 'about:blank', title: 'Conflict', status: 409, detail: 'b', code: 'B', jobId: 'x' } }
        }
      }
    }
  })
})

t.test('where the host answers errors, only they are its own', async t => {
  const ok = jsonAnswer('Fine.', Type.String(), {})
  const nothing = emptyAnswer('Over.')
  t.strictSame(asHostErrors({ 200: ok, 204: nothing, 404: problemAnswer(404, [{ code: 'A', detail: 'a' }]) }), { 200: ok, 204: nothing, 404: { description: '`A`: a', content: { 'application/*': { schema: {} } } } })
})

t.test('a stream is text', async t => {
  t.match(streamAnswer('Events.', { one: 'data: 1\n\n' }), { description: 'Events.', content: { 'text/event-stream': { schema: { anyOf: [{ type: 'string' }, { type: 'object' }] }, examples: { one: { value: 'data: 1\n\n' } } } } })
})
