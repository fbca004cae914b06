import t from 'tap'
import type { TProperties, TSchema } from '@sinclair/typebox'
import { defineJob, JobError, Type } from '../../lib/index.js'
import { onEachEngine, uniqueName } from '../helpers/engines.js'
import { startService } from '../helpers/service.js'

const closed = (properties: TProperties): TSchema => Type.Object(properties, { additionalProperties: false })
const schemas = { input: Type.Object({}), output: Type.Object({ ok: Type.Boolean() }) }

t.test('asked too early', t => onEachEngine(t, async (t, { connection }) => {
  const { submit, result } = await startService(t, { job: defineJob({ ...schemas, name: uniqueName() }), connection })
  const { body: { jobId } } = await submit({})
  const { statusCode, headers, body } = await result(jobId)
  t.equal(statusCode, 409)
  t.match(headers, { 'retry-after': '1', 'content-type': 'application/problem+json; charset=utf-8' })
  t.strictSame(body, { type: 'about:blank', title: 'Conflict', status: 409, detail: 'The job is not finished, its status is pending. Ask again after the time that Retry-After tells.', code: 'JOB_NOT_FINISHED', jobId })
}))

t.test('of a failed job', t => onEachEngine(t, async (t, { connection }) => {
  const failures: Array<{ thrown: () => never, status: number, title: string, error: object }> = [
    { thrown: () => { throw new Error('secret') }, status: 409, title: 'Conflict', error: { code: 'PROCESSOR_ERROR', message: 'The job failed for an internal reason.' } },
    { thrown: () => { throw new JobError('NO_TEXT', 'There is no text') }, status: 409, title: 'Conflict', error: { code: 'NO_TEXT', message: 'There is no text' } },
    { thrown: () => { throw new JobError('NO_TEXT', 'There is no text', { status: 422, data: ['a'] }) }, status: 422, title: 'Unprocessable Entity', error: { code: 'NO_TEXT', message: 'There is no text', data: ['a'] } }
  ]
  for (const { thrown, status, title, error } of failures) {
    const job = defineJob({ ...schemas, name: uniqueName(), attempts: 1 })
    const { submit, until, result } = await startService(t, { job, connection, processor: thrown })
    const { body: { jobId } } = await submit({})
    await until(jobId, 'failed')
    const answer = await result(jobId)
    t.equal(answer.statusCode, status)
    t.strictSame(answer.body, { type: 'about:blank', title, status, detail: (error as { message: string }).message, code: 'JOB_FAILED', jobId, error })
  }
}))

t.test('of a canceled job', t => onEachEngine(t, async (t, { connection }) => {
  const job = defineJob({ ...schemas, name: uniqueName() })
  const { submit, until, result } = await startService(t, { job, connection, processor: () => { throw new JobError('CANCELED', 'Nobody wants it') } })
  const { body: { jobId } } = await submit({})
  await until(jobId, 'canceled')
  const { statusCode, body } = await result(jobId)
  t.equal(statusCode, 409)
  t.strictSame(body, { type: 'about:blank', title: 'Conflict', status: 409, detail: 'The job was canceled.', code: 'JOB_CANCELED', jobId })
}))

t.test('gives the output', t => onEachEngine(t, async (t, { connection }) => {
  const outputs: Array<[name: string, schema: TSchema, output: unknown, answered?: unknown]> = [
    ['an object', Type.Object({ a: Type.Number() }), { a: 1.5 }],
    ['more than its schema names', Type.Object({ a: Type.Number() }), { a: 1, more: 'x' }],
    ['only what its schema allows', Type.Object({ a: Type.Number() }, { additionalProperties: false }), { a: 1, internal: 'x' }, { a: 1 }],
    ['one of several forms, without what that forbids', Type.Union([closed({ kind: Type.Literal('a') }), closed({ kind: Type.Literal('b'), b: Type.String() })]), { kind: 'b', b: 'x', internal: 1 }, { kind: 'b', b: 'x' }],
    ['one of several forms that share a field', Type.Union([Type.Object({ a: Type.Number() }), Type.Object({ a: Type.Number(), b: Type.Number() })]), { a: 1, b: 2 }],
    ['fields that match a pattern', Type.Unsafe({ type: 'object', properties: { a: {} }, patternProperties: { '^x-': { type: 'number' } } }), { a: 1, 'x-b': 2, c: 3 }],
    ['an object or null', Type.Unsafe({ type: ['object', 'null'], properties: { a: { type: ['string', 'null'] } } }), { a: null, b: { c: 1 } }],
    ['any object', Type.Object({}), { a: 1 }],
    ['a field that has a default', Type.Object({ a: Type.Number({ default: 5 }) }), {}, { a: 5 }],
    ['a string', Type.String(), 'hé"llo'],
    ['an empty string', Type.String(), ''],
    ['a number', Type.Number(), 0],
    ['false', Type.Boolean(), false],
    ['null', Type.Null(), null],
    ['nothing, where null is promised', Type.Null(), undefined, null],
    ['a list', Type.Array(Type.Integer()), [3, 2, 1]],
    ['one of several forms', Type.Union([Type.Object({ kind: Type.Literal('a'), a: Type.Number() }), Type.Object({ kind: Type.Literal('b'), b: Type.String() })]), { kind: 'b', b: 'x' }],
    ['anything', Type.Unknown(), { deep: [{ x: null }] }],
    ['a Date as its JSON', Type.Object({ at: Type.Unsafe<Date>({ type: 'string', format: 'date-time' }) }), { at: new Date(0) }, { at: '1970-01-01T00:00:00.000Z' }],
    ['a megabyte', Type.String(), 'x'.repeat(1_000_000)]
  ]
  for (const [name, output, returned, answered = returned] of outputs) {
    const job = defineJob({ name: uniqueName(), input: Type.Object({}), output })
    const { app, submit, until, result } = await startService(t, { job, connection, processor: () => returned })
    const { body: { jobId } } = await submit({})
    await until(jobId, 'completed')
    const answer = await result(jobId)
    t.match(answer, { statusCode: 200, headers: { 'content-type': 'application/json; charset=utf-8' } }, name)
    t.strictSame(answer.body, answered, name)
    t.strictSame(await app.jobs(job).result(jobId), answered, `${name}, for the handle`)
    const waited = await submit({}, { prefer: 'wait=10' })
    t.strictSame([waited.statusCode, waited.body], [200, answered], `${name}, waited for`)
  }
}))
