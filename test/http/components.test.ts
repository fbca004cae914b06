import t from 'tap'
import { jsonAnswer, problemAnswer, emptyAnswer } from '../../lib/http/answers.js'
import { addComponents, withReferences, type OpenApiObject } from '../../lib/http/components.js'
import { JobSchema } from '../../lib/http/schemas.js'

const OURS = '#/components/schemas/fastify-async-jobs.'

t.test('answers refer to what is a component, and keep the rest', async t => {
  const own = { type: 'object' }
  const answers = { 200: jsonAnswer('Fine.', own, {}), 202: jsonAnswer('Soon.', JobSchema, { a: 1 }, { 'X-A': {} }), 204: emptyAnswer('Over.'), 404: problemAnswer(404, []) }
  t.strictSame(withReferences(answers), {
    200: answers[200],
    202: { description: 'Soon.', headers: { 'X-A': {} }, content: { 'application/json': { schema: { $ref: `${OURS}Job` }, examples: { a: { value: 1 } } } } },
    204: answers[204],
    404: { description: '', content: { 'application/problem+json': { schema: { $ref: `${OURS}Problem` } } } }
  })
})

/** An operation that answers with what it refers to. */
const operation = ($ref: string) => ({ responses: { 200: { content: { 'application/json': { schema: { $ref } } } } } })

t.test('ours give way to the host\'s, as often as it takes', async t => {
  const document: OpenApiObject = {
    components: { schemas: { Job: { type: 'string' }, AsyncJobsJob: { type: 'string' } } },
    paths: { '/jobs': { get: operation(`${OURS}Job`), post: operation('#/components/schemas/Job') } }
  }
  for (let n = 0; n < 2; n++) {
    addComponents(document)
    t.strictSame(Object.keys(document.components.schemas), ['Job', 'AsyncJobsJob', 'JobFailure', 'AsyncJobsAsyncJobsJob'])
    t.strictSame(document.paths, { '/jobs': { get: operation('#/components/schemas/AsyncJobsAsyncJobsJob'), post: operation('#/components/schemas/Job') } })
  }
})

t.test('what else an operation of ours refers to stays', async t => {
  const mixed = { responses: { ...operation(`${OURS}Job`).responses, 418: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Teapot' } } } } } }
  const document: OpenApiObject = { components: { schemas: {} }, paths: { '/jobs': { get: mixed } } }
  addComponents(document)
  t.match(document.paths, { '/jobs': { get: { responses: { 200: operation('#/components/schemas/Job').responses[200], 418: mixed.responses[418] } } } })
})

t.test('what is the host\'s stays as it is', async t => {
  const paths = {
    '/a': { get: operation('#/components/schemas/Job'), post: {}, put: { responses: { 200: {}, 201: { content: { 'text/plain': {} } }, 202: { content: { 'text/plain': { schema: {} } } } } } },
    '/b': { summary: 'A text.', parameters: [], $ref: '#/paths/~1a' }
  }
  const document = { components: { schemas: {} }, paths } as unknown as OpenApiObject
  addComponents(document)
  t.strictSame(document, JSON.parse(JSON.stringify({ components: { schemas: {} }, paths })))
})
