import t from 'tap'
import { jsonAnswer, problemAnswer, emptyAnswer } from '../../lib/routes/answers.js'
import { addComponents, withReferences, type OpenApiObject } from '../../lib/routes/components.js'
import { JobSchema } from '../../lib/schemas.js'

t.test('answers refer to what is a component, and keep the rest', async t => {
  const own = { type: 'object' }
  const answers = { 200: jsonAnswer('Fine.', own, {}), 202: jsonAnswer('Soon.', JobSchema, { a: 1 }, { 'X-A': {} }), 204: emptyAnswer('Over.'), 404: problemAnswer(404, []) }
  t.strictSame(withReferences(answers), {
    200: answers[200],
    202: { description: 'Soon.', headers: { 'X-A': {} }, content: { 'application/json': { schema: { $ref: '#/components/schemas/Job' }, examples: { a: { value: 1 } } } } },
    204: answers[204],
    404: { description: '', content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } }
  })
})

t.test('ours give way to the host\'s, as often as it takes', async t => {
  const operation = (operationId: string) => ({ operationId, schema: { $ref: '#/components/schemas/Job' } })
  const document: OpenApiObject = { components: { schemas: { Job: { type: 'string' }, AsyncJobsJob: { type: 'string' } } }, paths: { '/jobs': { get: operation('ours'), post: operation('theirs') } } }
  for (let n = 0; n < 2; n++) {
    addComponents(document, id => id === 'ours')
    t.strictSame(Object.keys(document.components.schemas), ['Job', 'AsyncJobsJob', 'JobFailure', 'AsyncJobsAsyncJobsJob'])
    t.match(document.paths, { '/jobs': { get: { schema: { $ref: '#/components/schemas/AsyncJobsAsyncJobsJob' } }, post: { schema: { $ref: '#/components/schemas/Job' } } } })
  }
})
